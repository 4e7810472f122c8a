"""The database backend of the full mode; Django looks for its class in a module of this name.

A connection lies in the pool between two uses, and its server may have gone meanwhile. Django lets
the pool ask each time, by a statement that does nothing. With a use for each step of a socket that
was a quarter of all statements. A server that goes ends the connection, and that can be seen here.

And Django gives every text that has an index a second one, for the words with which a text begins.
Nobody asks for these: the admin searches inside of texts, and all others ask for the whole one.

To plan a statement costs PostgreSQL more than to run it, where it finds a row by an index. So what
is said for every sign-in (accounts/prepared.py) is planned once for each connection.
"""

import select
from typing import Any

from django.db.backends.postgresql import base, operations, schema
from psycopg import Connection, Cursor, sql
from psycopg_pool import ConnectionPool


def check(connection: Connection) -> None:
    """Raises OperationalError where the server has gone. Asks it only if it has said something
    unasked: a farewell, or the end of the line.
    """
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    if line.poll(0):
        ConnectionPool.check_connection(connection)


class SchemaEditor(schema.DatabaseSchemaEditor):
    def _create_like_index_sql(self, model: Any, field: Any) -> None:
        """No second index."""


class PreparingCursor(Cursor[Any]):
    """Sends the values beside the statement, whose plan the server keeps."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, prepare=True, **options)


class Operations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """For who captures statements: one that is prepared was sent by its name alone."""
        return super().last_executed_query(cursor, sql, params) or str(sql)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = SchemaEditor
    ops_class = Operations

    def get_connection_params(self) -> dict[str, Any]:
        # Django's own cursors put the values into the statement, so nothing of theirs is prepared.
        return {**super().get_connection_params(), "prepare_threshold": 0}

    def preparing_cursor(self) -> Any:
        """A cursor for the few statements that are run over and over."""
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(PreparingCursor(self.connection))  # type: ignore[attr-defined]

    def literal(self, value: Any) -> str:
        """As it stands in a statement that is given other values by "%s"."""
        self.ensure_connection()
        return sql.Literal(value).as_string(self.connection).replace("%", "%%")

    @property
    def pool(self) -> ConnectionPool | None:
        pool: ConnectionPool | None = super().pool
        if pool is not None:
            # Django builds the pool with a check of its choice and no way to say another.
            pool._check = check  # noqa: SLF001
        return pool
