"""A person's mailbox in tests: what was mailed since, and the links in it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage


class Mailbox:
    """Mails leave after the commit: what is done under `delivering` is committed at its end."""

    def __init__(self, commits: Callable[..., Any]) -> None:
        self._commits = commits
        self.mails: list[EmailMessage] = []

    @contextmanager
    def delivering(self) -> Iterator[None]:
        before = len(mail.outbox)
        with self._commits(execute=True):
            yield
        self.mails = mail.outbox[before:]

    def to(self, address: str) -> EmailMessage:
        (found,) = [one for one in self.mails if one.to == [address]]
        return found

    def link(self, address: str, page: str) -> str:
        """The path of the link to `page` in the mail to `address`."""
        text = str(self.to(address).body)
        found = re.search(rf"{re.escape(settings.KAUTH_ORIGIN)}({page}\S+)", text)
        assert found, text
        return found[1]


@pytest.fixture
def mailbox(django_capture_on_commit_callbacks: Any, mailoutbox: Any) -> Mailbox:
    return Mailbox(django_capture_on_commit_callbacks)
