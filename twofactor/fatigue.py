"""Protects people's attention: how often an account's devices may be rung.

Whoever knows a password could otherwise ring until somebody presses YES. Only ringing is held
back; codes and backup codes never are. Source: NIST SP 800-63B-4, section 3.1.3.2.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import EventKind, SecurityEvent, User
from accounts.visitors import Visitor
from twofactor.exceptions import Paused
from twofactor.models import Challenge, State

# So many requests in so long, since the last success.
BUDGETS = (
    (3, timedelta(minutes=5)),
    (10, timedelta(hours=1)),
    (20, timedelta(days=1)),
)
UNWELCOME = (State.DENIED, State.REPORTED, State.FAILED, State.EXPIRED)
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
MUTE = timedelta(hours=1)
DAY = timedelta(days=1)


def check(user: User, visitor: Visitor, now: datetime) -> None:
    """Raises Paused when the devices of `user` are not to be rung at `now` for this visitor."""
    since = max(now - DAY, _last_success(user) or now - DAY)
    recent = list(
        Challenge.objects.of(user)
        .filter(created_at__gt=since)
        .order_by("created_at")
        .values_list("created_at", "state", "ended_at")
    )
    waits = [_budget_free_at([created for created, _, _ in recent], now)]
    waits.append(_pause_over_at([end for _, state, end in recent if state in UNWELCOME and end]))
    waits.append(_mute_over_at(user, visitor, now))
    until = max((wait for wait in waits if wait), default=now)
    if until > now:
        raise Paused(until)


def _last_success(user: User) -> datetime | None:
    successes = (EventKind.SIGNED_IN, EventKind.REAUTHENTICATED)
    event = SecurityEvent.objects.filter(user=user, kind__in=successes).first()
    return event.created_at if event else None


def _budget_free_at(created: list[datetime], now: datetime) -> datetime | None:
    """When the earliest request that fills a budget has become old enough."""
    full = [
        created[-count] + window
        for count, window in BUDGETS
        if len(created) >= count and created[-count] + window > now
    ]
    return max(full, default=None)


def _pause_over_at(ends: list[datetime]) -> datetime | None:
    """Ten seconds after the first NO or silence, then twice as long after each further one."""
    if not ends:
        return None
    doublings = min(len(ends) - 1, 10)
    return max(ends) + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)


def _mute_over_at(user: User, visitor: Visitor, now: datetime) -> datetime | None:
    """After "it was not me" the browser and network that asked are not heard for an hour."""
    same = Q(browser=visitor.browser, address=visitor.address or None)
    reported = Challenge.objects.of(user).filter(
        same, state=State.REPORTED, ended_at__gt=now - MUTE
    )
    last = reported.order_by("-ended_at").values_list("ended_at", flat=True).first()
    return last + MUTE if last else None
