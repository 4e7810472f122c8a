"""Threads that act at the same moment, each on a database connection of its own."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from django.db import connection, connections, models, transaction

SIZE = 12
START_SECONDS = 30

Outcome = TypeVar("Outcome")


class Crowd:
    """Stays for many rounds: making threads and connections would cost more than the rounds do."""

    def __init__(self, size: int = SIZE) -> None:
        self.size = size
        self._threads = ThreadPoolExecutor(size, initializer=connection.ensure_connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.at_once([connections.close_all] * self.size)
        self._threads.shutdown()

    def at_once(self, acts: Iterable[Callable[[], Outcome]]) -> list[Outcome]:
        """What each act returned. All threads start together; more acts follow on their heels."""
        return [run.result() for run in self._start(list(acts))]

    def behind_a_lock(
        self, row: models.Model, acts: Iterable[Callable[[], Outcome]]
    ) -> list[Outcome]:
        """The same, but all that write to `row` pile up there first and are let go together.

        Python's threads take turns, so by themselves they seldom meet in the database. SQLite has
        no locks of rows: there they just start together.
        """
        if connection.vendor != "postgresql":
            return self.at_once(acts)
        with transaction.atomic():
            type(row)._default_manager.select_for_update().get(pk=row.pk)
            runs = self._start(list(acts))
            deadline = time.monotonic() + START_SECONDS
            while sum(run.done() for run in runs) + blocked() < len(runs):
                assert time.monotonic() < deadline, "some neither end nor wait at the row"
                time.sleep(0.002)
        return [run.result() for run in runs]

    def _start(self, acts: list[Callable[[], Outcome]]) -> list[Future[Outcome]]:
        start = threading.Barrier(min(len(acts), self.size))

        def first(act: Callable[[], Outcome]) -> Outcome:
            start.wait(START_SECONDS)
            return act()

        return [
            self._threads.submit(first, act) if number < self.size else self._threads.submit(act)
            for number, act in enumerate(acts)
        ]


def blocked() -> int:
    """How many connections wait for a lock that another one holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def unless(
    refusal: type[Exception] | tuple[type[Exception], ...], act: Callable[[], object]
) -> bool:
    """Whether `act` went through; any other exception than `refusal` is a fault and is raised."""
    try:
        act()
    except refusal:
        return False
    return True
