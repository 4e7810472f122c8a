"""Tells people by mail what changed on their account. Mails carry no secret but the reset link."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import audit, tasks
from accounts.models import User
from accounts.visitors import Visitor


def send(
    kind: str, user: User, *, visitor: Visitor = audit.NOBODY, page: str = "", **facts: Any
) -> None:
    """Queues templates/email/<kind>.txt for `user`, to leave after the commit.

    `page` is the path that the mail links to; `facts` are plain values for the template.
    """
    link = {"link": f"{settings.KAUTH_ORIGIN}{page}"}
    tasks.send_notice.delay_on_commit(
        kind, str(user.pk), {**_circumstances(visitor), **link, **facts}
    )


def send_reset_link(user: User, *, visitor: Visitor) -> None:
    """Queues the mail that leads to a new password. Its secret is made by who sends it."""
    tasks.send_reset_link.delay_on_commit(str(user.pk), _circumstances(visitor))


def _circumstances(visitor: Visitor) -> dict[str, Any]:
    return {
        "host": settings.KAUTH_HOST,
        "when": timezone.now().isoformat(),
        "address": visitor.address,
        "browser": visitor.browser,
    }
