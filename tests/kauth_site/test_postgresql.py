"""The pool of PostgreSQL connections on a real server, which ends some of them."""

from collections.abc import Iterator
from typing import Any

import dj_database_url
import psycopg
import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from deploy.local import postgresql
from kauth_site.postgresql.base import DatabaseWrapper, check
from tests.services.available import available_or_said

LAST_STATEMENT = "SELECT query FROM pg_stat_activity WHERE pid = %s"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with available_or_said(), postgresql.serving() as server:
        yield server.url


@pytest.fixture
def administrator(address: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


@pytest.fixture
def database(address: str, django_db_blocker: DjangoDbBlocker) -> Iterator[DatabaseWrapper]:
    """Django's connection with a pool of one."""
    settings = dj_database_url.parse(address)
    settings |= {"ENGINE": "kauth_site.postgresql", "CONN_HEALTH_CHECKS": True}
    settings["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 1, "timeout": 5}}
    connection: Any = ConnectionHandler({"default": settings})["default"]
    with django_db_blocker.unblock():
        yield connection
        connection.close_pool()


def backend_of(database: DatabaseWrapper) -> int:
    """The server's process that answers, after a use that ends in the pool."""
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])
    finally:
        database.close()


def test_a_connection_that_the_server_ended_in_the_pool_is_not_used(
    database: DatabaseWrapper, administrator: psycopg.Connection
) -> None:
    first = backend_of(database)
    administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert backend_of(database) != first


def test_a_connection_that_lives_is_used_again_without_a_question(
    database: DatabaseWrapper, administrator: psycopg.Connection
) -> None:
    backend = backend_of(database)
    database.connect()
    last = administrator.execute(LAST_STATEMENT, [backend]).fetchone()
    assert last == ("SELECT pg_backend_pid()",)
    database.close()
    assert backend_of(database) == backend


def test_what_is_checked_is_the_line_itself(
    address: str, administrator: psycopg.Connection
) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        check(connection)
        administrator.execute(
            "SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid]
        )
        with pytest.raises((psycopg.OperationalError, OperationalError)):
            check(connection)
