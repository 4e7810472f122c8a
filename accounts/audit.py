"""Writes down what happened. Call it outside any transaction that may be rolled back."""

from collections.abc import Iterable

from accounts import metrics
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
    event = _event(kind, user, visitor, device_name=device_name, method=method, detail=detail)
    event.save()
    metrics.count_event(kind, detail)
    return event


def record_for_each(kind: EventKind, users: Iterable[User]) -> None:
    """The same thing happened to all of them, and nobody did it: one statement, not one each."""
    events = SecurityEvent.objects.bulk_create([_event(kind, user, NOBODY) for user in users])
    metrics.count_event(kind, times=len(events))


def _event(kind: EventKind, user: User | None, visitor: Visitor, **words: str) -> SecurityEvent:
    return SecurityEvent(
        kind=kind,
        user=user,
        login_id=user.login_id if user else "",
        address=visitor.address or None,
        browser=visitor.browser,
        **words,
    )
