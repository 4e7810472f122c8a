"""Pushes have a queue of their own: no mail server and no tidying holds up who waits for one."""

from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from celery.signals import task_postrun

from accounts import tasks as mails
from devices import tasks as pushes
from kauth_site.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lying() -> Iterator[dict[str, Any]]:
    """What lies in each queue of the broker."""
    app.conf.task_always_eager = False
    with app.connection_for_read() as broker:
        queues = {name: broker.SimpleQueue(name) for name in ("celery", "push")}
        for queue in queues.values():
            queue.clear()
        yield queues
        for queue in queues.values():
            queue.clear()
    app.conf.task_always_eager = True
    # A worker leaves its choice of queues behind.
    app.amqp.__dict__.pop("queues", None)


def test_pushes_alone_have_the_queue_of_pushes() -> None:
    names = [name for name in app.tasks if not name.startswith("celery.")]
    routed = {name: app.amqp.router.route({}, name)["queue"].name for name in names}
    assert [name for name, queue in routed.items() if queue == "push"] == ["devices.tasks.wake"]
    assert set(routed.values()) == {"push", "celery"}


def test_a_worker_without_options_serves_every_queue() -> None:
    assert set(app.amqp.queues.consume_from) == {"push", "celery"}


def test_a_push_leaves_while_a_mail_waits_for_its_worker(lying: dict[str, Any]) -> None:
    done: Queue[str] = Queue()
    task_postrun.connect(lambda sender, **_: done.put(sender.name), weak=False, dispatch_uid="here")
    mails.send_reset_link.delay("", {})
    pushes.wake.delay(0, 0)
    with start_worker(app, pool="solo", queues=["push"], perform_ping_check=False):
        assert done.get(timeout=10) == pushes.wake.name
    task_postrun.disconnect(dispatch_uid="here")
    assert lying["celery"].get(timeout=5).headers["task"] == mails.send_reset_link.name
