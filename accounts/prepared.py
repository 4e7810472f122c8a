"""Statements that Django makes once in the life of a process and that are run many times.

A sign-in has some forty statements. To put one together from a queryset costs Python several times
what the database needs to answer it, and each time the same comes out but for its values. So those
on the way of every sign-in are declared:

    @prepared.rows(login_id=CharField())
    def _named(login_id: Any) -> QuerySet[User]:
        return User.objects.filter(login_id=login_id)

    [user] = _named(login_id="alice@example.org")

The function is called once, with a slot for each value. What it makes may hang on nothing else:
on no setting, and on no time of day but the database's.

PostgreSQL plans each of them once for a connection too. What is the same in every run stands in the
statement itself, for a plan can only use an index of the open questions where it knows that the
open ones are asked for.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.sql import InsertQuery, UpdateQuery
from django.db.transaction import TransactionManagementError

Fields = dict[str, "Field[Any, Any]"]


class Slot(Expression):
    """The place of a value that comes when the statement is run."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def filled(self, values: dict[str, Any]) -> Any:
        """The value as the database takes it. Raises TypeError for None, which equals nothing."""
        value = values[self.name]
        if value is None and not self.output_field.null:
            raise TypeError(f"{self.name} is None.")
        return self.output_field.get_db_prep_save(value, connection=connection)


class Statement(ABC):
    """A compiler that has done its work, kept for each kind of database."""

    def __init__(self, fields: Fields) -> None:
        self.slots = {name: Slot(name, field) for name, field in fields.items()}
        self.kept: dict[str, tuple[Any, str, list[Any]]] = {}

    @abstractmethod
    def compiler(self) -> tuple[Any, str, Any]:
        """A compiler of Django's, and the statement and parameters that it makes of the slots."""

    def ready(self) -> tuple[Any, str, list[Any]]:
        if connection.vendor not in self.kept:
            compiler, sql, parameters = self.compiler()
            self.kept[connection.vendor] = (compiler, *_settled(sql, parameters))
        return self.kept[connection.vendor]

    @contextmanager
    def run(self, values: dict[str, Any]) -> Iterator[Any]:
        """A cursor at what the statement found or did."""
        _, sql, slots = self.ready()
        with _cursor() as cursor:
            cursor.execute(
                sql, [one.filled(values) if isinstance(one, Slot) else one for one in slots]
            )
            yield cursor


def _cursor() -> Any:
    preparing = getattr(connection, "preparing_cursor", connection.cursor)
    return preparing()


def _settled(sql: str, parameters: Any) -> tuple[str, list[Any]]:
    """With what is no slot in the statement itself, where the database keeps plans."""
    literal = getattr(connection, "literal", None)
    if literal is None:
        return sql, list(parameters)
    first, *others = sql.split("%s")
    marks = ["%s" if isinstance(one, Slot) else literal(one) for one in parameters]
    whole = first + "".join(mark + text for mark, text in zip(marks, others, strict=True))
    return whole, [one for one in parameters if isinstance(one, Slot)]


class Rows(Statement):
    def __init__(self, make: Callable[..., QuerySet[Any]], fields: Fields) -> None:
        super().__init__(fields)
        self.make = make

    def compiler(self) -> tuple[Any, str, Any]:
        queryset = self.make(**self.slots)
        self.iterable: Any = queryset._iterable_class  # noqa: SLF001 - tuples, or instances
        compiler = queryset.query.get_compiler(using=connection.alias)
        return (compiler, *compiler.as_sql())

    def __call__(self, **values: Any) -> list[Any]:
        """What the queryset would find: instances, or tuples of a values_list()."""
        compiler = self.ready()[0]
        if compiler.query.select_for_update and not connection.in_atomic_block:
            raise TransactionManagementError("A lock ends with its transaction; there is none.")
        with self.run(values) as cursor:
            found = cursor.fetchall()
        return list(self.iterable(_Answered(compiler, found)))

    def one(self, **values: Any) -> Any:
        """The row that is there. Raises ValueError where there is none, or more."""
        [row] = self(**values)
        return row

    def first(self, **values: Any) -> Any:
        """The first of these, or None. The statement itself says that it wants one."""
        return next(iter(self(**values)), None)


class Update(Statement):
    def __init__(self, make: Callable[..., tuple[Any, Any]], fields: Fields) -> None:
        super().__init__(fields)
        self.make = make

    def compiler(self) -> tuple[Any, str, Any]:
        queryset, changes = self.make(**self.slots)
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        compiler = query.get_compiler(using=connection.alias)
        return (compiler, *compiler.as_sql())

    def __call__(self, **values: Any) -> int:
        """How many rows were changed."""
        with self.run(values) as cursor:
            count: int = cursor.rowcount
        return count


class Insert(Statement):
    """Writes new instances of a model down, as their save() does, and without its signals."""

    def __init__(self, model: type[Model]) -> None:
        table: Any = model._meta
        self.model = model
        self.number = table.auto_field
        self.fields = [field for field in table.concrete_fields if field is not self.number]
        super().__init__({field.attname: field for field in self.fields})

    def compiler(self) -> tuple[Any, str, Any]:
        query = InsertQuery(self.model)
        row: Any = SimpleNamespace(**self.slots)
        query.insert_values(self.fields, [row], raw=True)
        compiler = query.get_compiler(using=connection.alias)
        compiler.returning_fields = [self.number] if self.number else None
        return (compiler, *compiler.as_sql()[0])

    def __call__(self, instance: Any) -> None:
        values = {field.attname: field.pre_save(instance, add=True) for field in self.fields}
        with self.run(values) as cursor:
            if self.number:
                [instance.pk] = cursor.fetchone()
        state = instance._state  # noqa: SLF001 - where save() remembers it
        state.adding, state.db = False, connection.alias


class _Answered:
    """What Django's iterables ask of a queryset, its query and its compiler, where the database has
    answered already.
    """

    db = connection.alias
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: Any, found: list[Any]) -> None:
        self.compiler = copy.copy(compiler)
        self.compiler.connection = connection
        self.compiler.execute_sql = lambda *_, **__: [found]
        self.query = self

    def get_compiler(self, using: str) -> Any:
        return self.compiler


def rows(**fields: "Field[Any, Any]") -> Callable[[Callable[..., QuerySet[Any]]], Rows]:
    """Declares a SELECT: the function returns a queryset."""
    return lambda make: Rows(make, fields)


def update(**fields: "Field[Any, Any]") -> Callable[[Callable[..., tuple[Any, Any]]], Update]:
    """Declares an UPDATE: the function returns a queryset and the changes to its rows."""
    return lambda make: Update(make, fields)
