"""Tasks where there is no Celery worker: the embedded server does them in threads of its own.

So no page waits for a mail server or a push service. A command beside the server, and any process
without threads, does its tasks on the spot.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Timer
from typing import Any, ClassVar

from celery import Task
from django.db import connections

THREADS = 4


class SiteTask(Task):
    """A task that, where a server has started the threads, leaves the caller at once."""

    abstract = True
    threads: ClassVar[ThreadPoolExecutor | None] = None

    def apply_async(  # type: ignore[override]
        self, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        if SiteTask.threads is None or not self.app.conf.task_always_eager:
            return super().apply_async(args, kwargs, **options)  # type: ignore[no-untyped-call]
        SiteTask.threads.submit(self._run, args, kwargs, {})
        return None

    def apply(  # type: ignore[override]
        self, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        """Celery comes here for a retry too, which it would do at once: it waits its time first."""
        if SiteTask.threads is None or not options.get("retries"):
            return super().apply(args, kwargs, **options)  # type: ignore[no-untyped-call]
        pause = Timer(options.get("countdown") or 0, self._again, (args, kwargs, options))
        pause.daemon = True
        pause.start()
        return None

    def _again(self, args: Any, kwargs: Any, options: Any) -> None:
        if SiteTask.threads is not None:
            SiteTask.threads.submit(self._run, args, kwargs, options)

    def _run(self, args: Any, kwargs: Any, options: Any) -> None:
        try:
            super().apply(args, kwargs, **options)  # type: ignore[no-untyped-call]
        finally:
            connections.close_all()


def start() -> None:
    SiteTask.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="task")


def stop() -> None:
    """Does what was handed over already; what waits to be tried again is given up."""
    threads, SiteTask.threads = SiteTask.threads, None
    if threads is not None:
        threads.shutdown()
