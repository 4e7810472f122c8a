"""Tasks of the embedded server: off the request, tried again after a pause, done before the end."""

import threading
from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
from celery import Task

from kauth_site import background
from kauth_site.celery import app

done: Queue[tuple[str, int]] = Queue()
gate = threading.Event()


@app.task(bind=True, max_retries=2)  # type: ignore[untyped-decorator]
def stumbling(task: Task, falls: int) -> None:
    done.put((threading.current_thread().name, task.request.retries))
    if task.request.retries < falls:
        raise task.retry(countdown=0.01)


@app.task  # type: ignore[untyped-decorator]
def waiting() -> None:
    gate.wait(10)
    done.put((threading.current_thread().name, 0))


@pytest.fixture
def server() -> Iterator[None]:
    background.start()
    yield
    background.stop()


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.queue.clear()
    gate.clear()


def test_the_caller_does_not_wait(server: None) -> None:
    waiting.delay()
    assert done.empty()
    gate.set()
    assert done.get(timeout=10)[0].startswith("task")


def test_a_task_is_tried_again_and_no_more_often_than_it_says(server: None) -> None:
    stumbling.delay(9)
    assert [done.get(timeout=10)[1] for _ in range(3)] == [0, 1, 2]


def test_the_end_of_the_server_waits_for_what_was_handed_over(server: None) -> None:
    for _ in range(background.THREADS + 1):
        waiting.delay()
    gate.set()
    background.stop()
    assert done.qsize() == background.THREADS + 1


def test_without_a_server_a_task_is_done_on_the_spot() -> None:
    stumbling.delay(1)
    assert [retries for _, retries in done.queue] == [0, 1]
    assert {name for name, _ in done.queue} == {threading.current_thread().name}


def test_with_a_broker_the_task_goes_to_its_queue(server: None) -> None:
    app.conf.task_always_eager = False
    try:
        with app.connection_for_read() as broker, broker.SimpleQueue("celery") as lying:
            lying.clear()
            stumbling.delay(0)
            message: Any = lying.get(timeout=5)
            assert message.headers["task"] == stumbling.name
            message.ack()
    finally:
        app.conf.task_always_eager = True
    assert done.empty()
