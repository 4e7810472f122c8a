"""Does in this process, off the request, what a worker would do: for when the task queue is away.

So no page waits for a mail server, and the time of a page does not tell whether there was anybody
to mail. A process that ends does first what was handed over.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import Task
from django.db import connections

THREADS = 2
# No thread starts before there is something to do, so a process may still fork.
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="errand")


def hand_over(task: Task, arguments: tuple[Any, ...]) -> None:
    """Does `task` soon, once, in a thread. What it stumbles over is a line in the log."""
    _threads.submit(_do, task, arguments)


def _do(task: Task, arguments: tuple[Any, ...]) -> None:
    try:
        task.apply(arguments)
    finally:
        connections.close_all()
