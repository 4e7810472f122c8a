"""Protects people's attention: how often an account's devices may be rung.

Whoever knows a password could otherwise ring until somebody presses YES. Only ringing is held
back; codes and backup codes never are. Source: NIST SP 800-63B-4, section 3.1.3.2.
"""

from datetime import datetime, timedelta

from accounts.models import LONG_AGO, EventKind, SecurityEvent, User
from accounts.visitors import Visitor
from twofactor.exceptions import Paused, Why
from twofactor.models import Absence, Challenge, State

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

Asked = list[tuple[datetime, str, datetime | None]]


def check(user: User, visitor: Visitor, now: datetime) -> None:
    """Raises Paused when the devices of `user` are not to be rung at `now` for this visitor."""
    today: Asked = list(
        Challenge.objects.of(user)
        .filter(created_at__gt=now - DAY)
        .order_by("created_at")
        .values_list("created_at", "state", "ended_at")
    )
    success = _last_success(user, today)
    recent = [asked for asked in today if success is None or asked[0] > success]
    unwelcome = [end for _, state, end in recent if state in UNWELCOME and end]
    waits = [
        (_budget_free_at([created for created, _, _ in recent], now), Why.OFTEN),
        (_pause_over_at(unwelcome), Why.NOT_APPROVED),
        (_mute_over_at(user, visitor, now), Why.NOT_APPROVED),
        (_back_at(user, now), Why.AWAY),
    ]
    until, why = max((wait, why) for wait, why in waits)
    if until > now:
        raise Paused(until, why)


def _last_success(user: User, today: Asked) -> datetime | None:
    """A sign-in by whatever method, or a request that was approved and used."""
    successes = (EventKind.SIGNED_IN, EventKind.REAUTHENTICATED)
    event = SecurityEvent.objects.filter(user=user, kind__in=successes).first()
    used = [end for _, state, end in today if state == State.CONSUMED and end]
    return max([*used, *([event.created_at] if event else [])], default=None)


def _budget_free_at(created: list[datetime], now: datetime) -> datetime:
    """When the earliest request that fills a budget has become old enough."""
    full = [
        created[-count] + window
        for count, window in BUDGETS
        if len(created) >= count and created[-count] + window > now
    ]
    return max(full, default=LONG_AGO)


def _pause_over_at(ends: list[datetime]) -> datetime:
    """Ten seconds after the first NO or silence, then twice as long after each further one."""
    if not ends:
        return LONG_AGO
    doublings = min(len(ends) - 1, 10)
    return max(ends) + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)


def _mute_over_at(user: User, visitor: Visitor, now: datetime) -> datetime:
    """After "it was not me" the browser and network that asked are not heard for an hour."""
    reported = Challenge.objects.of(user).filter(
        browser=visitor.browser, state=State.REPORTED, ended_at__gt=now - MUTE
    )
    ends = [
        ended_at + MUTE
        for address, ended_at in reported.values_list("address", "ended_at")
        if ended_at and Visitor(address or "").network == visitor.network
    ]
    return max(ends, default=LONG_AGO)


def _back_at(user: User, now: datetime) -> datetime:
    """While the person is away. Whoever waits is told an hour at most: how long somebody is not
    at home is not for everybody who knows the password.
    """
    until = Absence.objects.filter(user=user).values_list("until", flat=True).first()
    return min(until, now + LONGEST_PAUSE) if until and until > now else LONG_AGO
