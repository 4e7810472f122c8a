"""The one clock for lifetimes: the database's, whatever the clocks of the web servers say."""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """The database's time, cut to whole seconds, as the protocol carries it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT EXTRACT(EPOCH FROM STATEMENT_TIMESTAMP())")
        else:
            cursor.execute("SELECT strftime('%s', 'now')")
        (seconds,) = cursor.fetchone()
    return datetime.fromtimestamp(int(seconds), UTC)


def whole(time: datetime) -> datetime:
    """The same of a time that a statement for something else brought along."""
    return time.replace(microsecond=0)
