"""What leaves by this process while the task queue is away: the mail, and not the page's time."""

import threading
from collections.abc import Iterator
from queue import Queue

import pytest
from celery import Celery, Task

from accounts import notices
from tests.people import VISITOR
from tests.services.processes import free_port

pytestmark = pytest.mark.django_db(transaction=True)

done: Queue[tuple[str, str]] = Queue()
mail_server = threading.Event()


@pytest.fixture
def mail() -> Iterator[Task]:
    """A mail that a slow mail server takes when it likes, and a queue that nobody answers at."""
    app = Celery("nowhere", broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    app.conf.task_publish_retry = False
    mail_server.clear()

    @app.task  # type: ignore[untyped-decorator]
    def send(about: str, facts: object) -> None:
        mail_server.wait(10)
        done.put((about, threading.current_thread().name))

    yield send
    mail_server.set()


def test_d61_with_the_queue_away_no_page_waits_for_a_mail_and_it_leaves(mail: Task) -> None:
    """Else the time of a reset tells whether there is such an account."""
    notices.send_link(mail, "alice", visitor=VISITOR)
    assert done.empty()
    mail_server.set()
    about, thread = done.get(timeout=10)
    assert about == "alice"
    assert thread.startswith("errand")
