"""Notices by mail: what the queue carries, and that a stumbling mail server loses none (D-92)."""

import json
import re
from collections.abc import Iterator
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from pytest_django import Settings

from accounts import notices, passwords, tasks
from accounts.models import EventKind, User
from kauth_site.celery import app
from tests.people import VISITOR, make_user

pytestmark = pytest.mark.django_db(transaction=True)


class StumblingBackend(EmailBackend):
    """A mail server that hangs up before the first mails."""

    hang_ups = 2

    def send_messages(self, messages: Any) -> int:
        if StumblingBackend.hang_ups:
            StumblingBackend.hang_ups -= 1
            raise SMTPServerDisconnected("Connection unexpectedly closed")
        return int(super().send_messages(messages))


@pytest.fixture
def queue() -> Iterator[Any]:
    """The broker's queue, as a reader of Redis sees it."""
    app.conf.task_always_eager = False
    with app.connection_for_read() as broker, broker.SimpleQueue("celery") as lying:
        lying.clear()
        yield lying
        lying.clear()
    app.conf.task_always_eager = True


def arguments(message: Any) -> list[Any]:
    body = json.loads(message.body) if isinstance(message.body, str | bytes) else message.body
    found: list[Any] = body[0]
    return found


def test_d92_the_queue_never_holds_the_link_to_a_new_password(
    queue: Any, mailoutbox: list[EmailMessage]
) -> None:
    """Who can read Redis could else take over every account without a second factor."""
    make_user()
    passwords.send_reset(login_id="alice@example.org", visitor=VISITOR)
    message = queue.get(timeout=5)
    assert message.headers["task"] == "accounts.tasks.send_reset_link"
    assert "/password/reset" not in json.dumps([message.headers, arguments(message)])
    tasks.send_reset_link(*arguments(message))
    assert re.search(r"/password/reset/\w+/[\w-]+/", str(mailoutbox[0].body))


def test_a_notice_says_what_happened_when_and_from_where(mailoutbox: list[EmailMessage]) -> None:
    notices.send("device_linked", make_user(), visitor=VISITOR, device_name="Pixel 8", page="/2fa/")
    (mail,) = mailoutbox
    assert mail.to == ["alice@example.org"]
    for part in ("Pixel 8", VISITOR.address, VISITOR.browser, "http://localhost:8000/2fa/"):
        assert part in mail.body
    assert "\n" not in mail.subject


def test_a_mail_server_that_hangs_up_is_tried_again(
    settings: Settings, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_mail.StumblingBackend"
    monkeypatch.setattr(StumblingBackend, "hang_ups", 2)
    notices.send("password_changed", make_user(), visitor=VISITOR)
    assert [mail.to for mail in mailoutbox] == [["alice@example.org"]]
    assert StumblingBackend.hang_ups == 0


def test_a_mail_server_that_is_gone_undoes_nothing(
    settings: Settings, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_mail.StumblingBackend"
    monkeypatch.setattr(StumblingBackend, "hang_ups", 99)
    user = make_user()
    passwords.change(user, "a new sentence", visitor=VISITOR, kind=EventKind.PASSWORD_CHANGED)
    assert User.objects.get().check_password("a new sentence")
    assert mailoutbox == []


@pytest.mark.parametrize("active", [True, False])
def test_d61_for_an_unknown_account_the_queue_gets_as_much_as_for_a_known_one(
    queue: Any, mailoutbox: list[EmailMessage], active: bool
) -> None:
    make_user(is_active=active)
    for login_id in ("alice@example.org", "nobody@example.org"):
        passwords.send_reset(login_id=login_id, visitor=VISITOR)
        message = queue.get(timeout=5)
        assert message.headers["task"] == "accounts.tasks.send_reset_link"
        tasks.send_reset_link(*arguments(message))
    assert [mail.to for mail in mailoutbox] == [["alice@example.org"]] * active
