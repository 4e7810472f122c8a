"""The database backend of the full mode; Django looks for its class in a module of this name.

A connection lies in the pool between two uses, and its server may have gone meanwhile. Django lets
the pool ask each time, by a statement that does nothing. With a use for each step of a socket that
was a quarter of all statements. A server that goes ends the connection, and that can be seen here.

And Django gives every text that has an index a second one, for the words with which a text begins.
Nobody asks for these: the admin searches inside of texts, and all others ask for the whole one.
"""

import select
from typing import Any

from django.db.backends.postgresql import base, schema
from psycopg import Connection
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


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = SchemaEditor

    @property
    def pool(self) -> ConnectionPool | None:
        pool: ConnectionPool | None = super().pool
        if pool is not None:
            # Django builds the pool with a check of its choice and no way to say another.
            pool._check = check  # noqa: SLF001
        return pool
