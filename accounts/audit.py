"""Writes down what happened. Call it outside any transaction that may be rolled back."""

from accounts.models import EventKind, SecurityEvent, User
from accounts.visitors import Visitor

# What happens without a visitor: a command, a clean-up.
NOBODY = Visitor(browser="")


def record(
    kind: EventKind,
    *,
    user: User | None = None,
    visitor: Visitor = NOBODY,
    device_name: str = "",
    method: str = "",
    detail: str = "",
) -> SecurityEvent:
    """One row: who, what, from where, with which device. Never a secret or others' free text."""
    return SecurityEvent.objects.create(
        kind=kind,
        user=user,
        login_id=user.login_id if user else "",
        device_name=device_name,
        method=method,
        address=visitor.address or None,
        browser=visitor.browser,
        detail=detail,
    )
