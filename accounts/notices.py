"""Tells people by mail what changed on their account.

Mails carry no secret but the links that tasks make; the queue never holds one (D-92).
"""

import logging
from functools import partial
from typing import Any

from celery import Task
from celery.exceptions import OperationalError
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit, errands, signals, tasks
from accounts.mail_models import AddressChange, LinkPurpose
from accounts.models import User
from accounts.visitors import Visitor

logger = logging.getLogger(__name__)


def send(
    kind: str,
    user: User,
    *,
    visitor: Visitor = audit.NOBODY,
    page: str = "",
    subject: str = "",
    **facts: Any,
) -> None:
    """Queues templates/email/<kind>.txt for `user`, to leave after the commit.

    The mail links to "it was not me", by which `subject`, if it names a thing, is undone; or to
    the path `page`, where that is what helps. `facts` are plain values for the template. The
    person's devices hear of it too.
    """
    name = facts.get("device_name", "")
    signals.protection_changed.send(sender=User, user=user, kind=kind, name=name)
    link = {"link": f"{settings.KAUTH_ORIGIN}{page}"} if page else {"subject": subject}
    _hand_over(tasks.send_notice, kind, str(user.pk), {**_circumstances(visitor), **link, **facts})


def send_address_links(change: AddressChange, *, visitor: Visitor) -> None:
    """Asks both addresses of `change`, each in a mail of its own; the devices hear of it."""
    signals.protection_changed.send(sender=User, user=change.user, kind="address_asked", name="")
    for side in (LinkPurpose.OLD_ADDRESS, LinkPurpose.NEW_ADDRESS):
        facts = _circumstances(visitor)
        _hand_over(tasks.send_address_link, side, str(change.pk), facts)


def send_address_changed(change: AddressChange, *, visitor: Visitor) -> None:
    """Tells the old address, with the way back, and the new one."""
    _hand_over(tasks.send_way_back, str(change.pk), _circumstances(visitor))
    send("address_is_new", change.user, visitor=visitor, page="/manager/")


def send_reset_link(user: User | None, *, visitor: Visitor) -> None:
    """Queues the mail that leads to a new password.

    Without an account the same is queued, and no mail leaves: the caller's time tells nothing.
    """
    send_link(tasks.send_reset_link, str(user.pk) if user else "", visitor=visitor)


def send_link(task: Task, about: str, *, visitor: Visitor) -> None:
    """Queues a mail with a secret link, which is made by who sends it: the queue never holds it.

    `about` is the id that `task` looks up.
    """
    _hand_over(task, about, _circumstances(visitor))


def _hand_over(task: Task, *arguments: Any) -> None:
    transaction.on_commit(partial(_queue, task, arguments))


def _queue(task: Task, arguments: tuple[Any, ...]) -> None:
    """With the queue away the mail leaves from here, as in the embedded mode: whoever can stop
    Redis does not keep the news from people. Nobody waits for it, so that the time tells nothing.
    """
    try:
        task.delay(*arguments)
    except OperationalError as error:
        logger.warning("The task queue is away, a mail is sent without it: %s", error)
        errands.hand_over(task, arguments)


def _circumstances(visitor: Visitor) -> dict[str, Any]:
    return {
        "host": settings.KAUTH_HOST,
        "when": timezone.now().isoformat(),
        "address": visitor.address,
        "browser": visitor.browser,
    }
