"""A row goes into each index of its table whenever it is written: none is there for nothing."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models import Index, Model, UniqueConstraint

from twofactor.models import BackupCodeSet

pytestmark = pytest.mark.both_databases

MODELS = [model for model in apps.get_models() if model.__module__.split(".")[0] != "django"]
# Where each app was while PostgreSQL had the indexes that nobody asks, and what takes them away.
BEFORE = {"accounts": "0016", "devices": "0005", "twofactor": "0012"}
MENDED = ("accounts.migrations.0017", "devices.migrations.0006", "twofactor.migrations.0013")
UNASKED = [name for path in MENDED for name in import_module(f"{path}_fewer_indexes").UNASKED]


def for_beginnings() -> set[str]:
    """The indexes that serve words with which a text begins, and nothing else."""
    look = connection.introspection
    with connection.cursor() as cursor:
        found = [look.get_constraints(cursor, table) for table in look.table_names(cursor)]
    return {name for table in found for name in table if name.endswith("_like")}


def fields_of(model: type[Model]) -> Iterator[tuple[str, ...]]:
    """What each index begins with that holds every row of the table."""
    for field in model._meta.local_concrete_fields:
        if getattr(field, "db_index", False) or field.unique:
            yield (field.name,)
    declared: list[Any] = [*model._meta.indexes, *model._meta.constraints]
    for index in declared:
        if isinstance(index, Index | UniqueConstraint) and index.condition is None:
            yield tuple(name.lstrip("-") for name in index.fields)


# The first index of the backup codes is django-otp's; there is one row for an account.
OURS = [model for model in MODELS if model is not BackupCodeSet]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_no_index_is_the_beginning_of_another(model: type[Model]) -> None:
    every = list(fields_of(model))
    assert [one for one in every if sum(other[: len(one)] == one for other in every) > 1] == []


@pytest.mark.django_db
def test_no_index_is_for_the_beginnings_of_texts() -> None:
    assert for_beginnings() == set()


@pytest.mark.django_db(transaction=True)
def test_a_site_that_has_such_indexes_loses_them() -> None:
    try:
        for app, number in BEFORE.items():
            call_command("migrate", app, number, verbosity=0)
        with connection.cursor() as cursor:
            for name in UNASKED:
                of = next(m._meta for m in MODELS if name.startswith(f"{m._meta.db_table}_"))
                cursor.execute(f"CREATE INDEX {name} ON {of.db_table} ({of.pk.column})")
    finally:
        call_command("migrate", verbosity=0)
    assert for_beginnings() == set()
