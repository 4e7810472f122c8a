"""Moves all that a site has from one database to another, whole or not at all.

Rows go over as they are: no signal is sent, no time is set anew, and keys stay the same, so that
every link, seal and session goes on.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model

SOURCE = "source"
BATCH = 500
# What migrating makes by itself; in the new database it is replaced by that of the old one.
MADE_BY_MIGRATION = (Group.permissions.through, Group, Permission, ContentType)


class CannotMove(Exception):
    """Nothing was moved; the words say why."""


def move(source: dict[str, Any], tell: Callable[[str], None]) -> int:
    """Copies every row of the database `source` into the site's own, which must be empty.

    Returns how many rows there are. Raises CannotMove.
    """
    connections.databases[SOURCE] = {**connections.databases[DEFAULT_DB_ALIAS], **source}
    try:
        for alias in (SOURCE, DEFAULT_DB_ALIAS):
            _insist_on_all_migrations(alias)
        with transaction.atomic():
            _make_room()
            moved = sum(_copy(model, tell) for model in _models())
            _count_on()
        return moved
    finally:
        connections[SOURCE].close()
        del connections[SOURCE], connections.databases[SOURCE]


def _models() -> list[type[Model]]:
    every = apps.get_models(include_auto_created=True)
    return [model for model in every if model._meta.managed and not model._meta.proxy]


def _insist_on_all_migrations(alias: str) -> None:
    executor = MigrationExecutor(connections[alias])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        where = "old" if alias == SOURCE else "new"
        raise CannotMove(f"The {where} database is not up to date. Run `manage.py migrate` on it.")


def _make_room() -> None:
    for model in _models():
        if model not in MADE_BY_MIGRATION and _rows(model, DEFAULT_DB_ALIAS).exists():
            raise CannotMove(f"The new database is not empty: {model._meta.db_table} has rows.")
    for model in MADE_BY_MIGRATION:
        _rows(model, DEFAULT_DB_ALIAS).all().delete()


def _rows(model: type[Model], alias: str) -> Any:
    return model._base_manager.using(alias)  # noqa: SLF001 - other managers hide rows


def _copy(model: type[Model], tell: Callable[[str], None]) -> int:
    old, new = _rows(model, SOURCE), _rows(model, DEFAULT_DB_ALIAS)
    rows = old.order_by("pk").iterator(BATCH)
    while batch := list(islice(rows, BATCH)):
        # Not bulk_create: that would say that everything was made, and used, just now.
        fields = model._meta.local_concrete_fields
        new._insert(batch, fields, using=DEFAULT_DB_ALIAS, raw=True)  # noqa: SLF001
    there, moved = old.count(), new.count()
    if moved != there:
        raise CannotMove(f"{model._meta.db_table} has {there} rows, and {moved} arrived.")
    tell(f"{model._meta.db_table}: {moved}")
    return int(moved)


def _count_on() -> None:
    """New rows get numbers after those that are there; and no row points to one that is not."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)
    connection.check_constraints()
