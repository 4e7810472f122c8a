"""What a verb says to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def captured() -> Iterator[Callable[[str], list[str]]]:
    """Afterwards `said("UPDATE")` lists the statements that began with that word."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        yield lambda verb: [sql for sql in found if sql.startswith(verb)]
    found += [query["sql"] for query in queries.captured_queries]
    assert not [sql for sql in found if "IN (SELECT" in sql], "D-18: two could win"
