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

from django.db import DEFAULT_DB_ALIAS, connections
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

    def filled(self, values: dict[str, Any], database: Any) -> Any:
        """The value as the database takes it. Raises TypeError for None, which equals nothing."""
        value = values[self.name]
        if value is None and not self.output_field.null:
            raise TypeError(f"{self.name} is None.")
        return self.output_field.get_db_prep_save(value, connection=database)


def _database() -> Any:
    """This thread's connection itself: each look through Django's `connection` searches for it."""
    return connections[DEFAULT_DB_ALIAS]


class Statement(ABC):
    """A compiler that has done its work, kept for each kind of database."""

    def __init__(self, fields: Fields) -> None:
        self.slots = {name: Slot(name, field) for name, field in fields.items()}
        self.kept: dict[str, tuple[Any, str, list[Any]]] = {}

    @abstractmethod
    def compiler(self, database: Any) -> tuple[Any, str, Any]:
        """A compiler of Django's, and the statement and parameters that it makes of the slots."""

    def ready(self, database: Any) -> tuple[Any, str, list[Any]]:
        if database.vendor not in self.kept:
            compiler, sql, parameters = self.compiler(database)
            self.kept[database.vendor] = (compiler, *_settled(sql, parameters, database))
        return self.kept[database.vendor]

    @contextmanager
    def run(self, values: dict[str, Any], database: Any) -> Iterator[Any]:
        """A cursor at what the statement found or did."""
        _, sql, slots = self.ready(database)
        parameters = [
            one.filled(values, database) if isinstance(one, Slot) else one for one in slots
        ]
        cursor = getattr(database, "preparing_cursor", database.cursor)
        with cursor() as running:
            running.execute(sql, parameters)
            yield running


def _settled(sql: str, parameters: Any, database: Any) -> tuple[str, list[Any]]:
    """With what is no slot in the statement itself, where the database keeps plans."""
    literal = getattr(database, "literal", None)
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

    def compiler(self, database: Any) -> tuple[Any, str, Any]:
        queryset = self.make(**self.slots)
        self.iterable: Any = queryset._iterable_class  # noqa: SLF001 - tuples, or instances
        compiler = queryset.query.get_compiler(connection=database)
        sql, parameters = compiler.as_sql()
        # How each column becomes a value of Python; to find that out costs as much as to do it.
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)
        compiler.get_converters = lambda _: converters
        return compiler, sql, parameters

    def __call__(self, **values: Any) -> list[Any]:
        """What the queryset would find: instances, or tuples of a values_list()."""
        database = _database()
        compiler = self.ready(database)[0]
        if compiler.query.select_for_update and not database.in_atomic_block:
            raise TransactionManagementError("A lock ends with its transaction; there is none.")
        with self.run(values, database) as cursor:
            found = cursor.fetchall()
        return list(self.iterable(_Answered(compiler, database, found)))

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

    def compiler(self, database: Any) -> tuple[Any, str, Any]:
        queryset, changes = self.make(**self.slots)
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        compiler = query.get_compiler(connection=database)
        return (compiler, *compiler.as_sql())

    def __call__(self, **values: Any) -> int:
        """How many rows were changed."""
        with self.run(values, _database()) as cursor:
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

    def compiler(self, database: Any) -> tuple[Any, str, Any]:
        query = InsertQuery(self.model)
        row: Any = SimpleNamespace(**self.slots)
        query.insert_values(self.fields, [row], raw=True)
        compiler = query.get_compiler(connection=database)
        compiler.returning_fields = [self.number] if self.number else None
        return (compiler, *compiler.as_sql()[0])

    def __call__(self, instance: Any) -> None:
        values = {field.attname: field.pre_save(instance, add=True) for field in self.fields}
        with self.run(values, _database()) as cursor:
            if self.number:
                [instance.pk] = cursor.fetchone()
        state = instance._state  # noqa: SLF001 - where save() remembers it
        state.adding, state.db = False, DEFAULT_DB_ALIAS


class _Answered:
    """What Django's iterables ask of a queryset, its query and its compiler, where the database has
    answered already.
    """

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: Any, database: Any, found: list[Any]) -> None:
        self.compiler = copy.copy(compiler)
        self.compiler.connection = database
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
