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
"""

import copy
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import Expression, Field, QuerySet
from django.db.models.sql import UpdateQuery
from django.db.models.sql.constants import ROW_COUNT
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
        return self.output_field.get_db_prep_value(value, connection=connection, prepared=False)


class Statement:
    """What `make` makes of the slots, kept for each kind of database."""

    def __init__(self, make: Callable[..., Any], fields: Fields) -> None:
        self.make = make
        self.slots = {name: Slot(name, field) for name, field in fields.items()}
        self.kept: dict[str, tuple[Any, Any]] = {}

    def filled(self, values: dict[str, Any]) -> tuple[Any, Any]:
        """What was made, and its compiler on this thread's connection with `values` in place."""
        if connection.vendor not in self.kept:
            self.kept[connection.vendor] = self._made()
        made, compiler = self.kept[connection.vendor]
        sql, slots = compiler.as_sql()
        parameters = tuple(one.filled(values) if isinstance(one, Slot) else one for one in slots)
        running = copy.copy(compiler)
        running.connection, running.as_sql = connection, lambda: (sql, parameters)
        return made, running

    def _made(self) -> tuple[Any, Any]:
        made, query = self._query()
        compiler = query.get_compiler(using=connection.alias)
        statement = compiler.as_sql()
        compiler.as_sql, compiler.connection = lambda: statement, None
        return made, compiler

    def _query(self) -> tuple[Any, Any]:
        queryset = self.make(**self.slots)
        return queryset, queryset.query


class Rows(Statement):
    def __call__(self, **values: Any) -> list[Any]:
        """What the queryset would find: instances, or tuples of a values_list()."""
        queryset, compiler = self.filled(values)
        if queryset.query.select_for_update and not connection.in_atomic_block:
            raise TransactionManagementError("A lock ends with its transaction; there is none.")
        return list(queryset._iterable_class(_Ready(compiler)))  # noqa: SLF001 - as Django does

    def one(self, **values: Any) -> Any:
        """The row that is there. Raises ValueError where there is none, or more."""
        [row] = self(**values)
        return row

    def first(self, **values: Any) -> Any:
        """The first of these, or None. The statement itself says that it wants one."""
        return next(iter(self(**values)), None)


class Update(Statement):
    def __call__(self, **values: Any) -> int:
        """How many rows were changed."""
        count: int = self.filled(values)[1].execute_sql(ROW_COUNT)
        return count

    def _query(self) -> tuple[Any, Any]:
        queryset, changes = self.make(**self.slots)
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        return queryset, query


class _Ready:
    """What Django's iterables ask of a queryset and its query, where the compiler is ready."""

    db = connection.alias
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: Any) -> None:
        self.compiler = compiler
        self.query = self

    def get_compiler(self, using: str) -> Any:
        return self.compiler


def rows(**fields: "Field[Any, Any]") -> Callable[[Callable[..., QuerySet[Any]]], Rows]:
    """Declares a SELECT: the function returns a queryset."""
    return lambda make: Rows(make, fields)


def update(**fields: "Field[Any, Any]") -> Callable[[Callable[..., tuple[Any, Any]]], Update]:
    """Declares an UPDATE: the function returns a queryset and the changes to its rows."""
    return lambda make: Update(make, fields)
