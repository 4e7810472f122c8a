"""Protects people's attention: how often an account's devices may be rung.

Whoever knows a password could otherwise ring until somebody presses YES. Only ringing is held
back; codes and backup codes never are. Source: NIST SP 800-63B-4, section 3.1.3.2.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import DateTimeField, OuterRef, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import Now

from accounts import clock, prepared
from accounts.models import LONG_AGO, EventKind, SecurityEvent, User
from accounts.visitors import Visitor
from twofactor.exceptions import Paused, Why
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


class Asked(NamedTuple):
    """One request of the last day that counts, or an older one that is still open."""

    challenge: str
    created_at: datetime
    state: str
    ended_at: datetime | None
    address: str | None
    browser: str


@dataclass(frozen=True)
class Facts:
    """All that is judged by, as the database had it at `now`."""

    now: datetime
    success: datetime | None
    away_until: datetime | None
    asked: list[Asked]

    @property
    def open(self) -> list[str]:
        return [one.challenge for one in self.asked if one.state == State.PENDING]


def look(user: User) -> Facts:
    """Two statements. Whoever acts on them holds the account's lock."""
    time, signed_in, approved, away_until = _account.one(user=user.pk)
    now = clock.whole(time)
    success = max((time for time in (signed_in, approved) if time), default=None)
    asked = _asked(user=user.pk, since=max(success or LONG_AGO, now - DAY), day_ago=now - DAY)
    return Facts(now, success, away_until, [Asked(*row) for row in asked])


@prepared.rows(user=UUIDField())
def _account(user: Any) -> QuerySet[User, Any]:
    """With the last sign-in by whatever method, and the last request that was used."""
    kinds = (EventKind.SIGNED_IN, EventKind.REAUTHENTICATED)
    events = SecurityEvent.objects.filter(user=OuterRef("pk"), kind__in=kinds)
    used = Challenge.objects.filter(
        user=OuterRef("pk"), state=State.CONSUMED, created_at__gt=Now() - DAY
    )
    return User.objects.filter(pk=user).values_list(
        Now(),
        Subquery(events.values("created_at")[:1]),
        Subquery(used.order_by("-created_at").values("ended_at")[:1]),
        "absence__until",
    )


@prepared.rows(user=UUIDField(), since=DateTimeField(), day_ago=DateTimeField())
def _asked(user: Any, since: Any, day_ago: Any) -> QuerySet[Challenge, Any]:
    """What was asked before a success is over; only what was reported is remembered for longer."""
    reported = Q(state=State.REPORTED, created_at__gt=day_ago)
    counts = Challenge.objects.filter(
        Q(created_at__gt=since) | Q(state=State.PENDING) | reported, user=user
    )
    return counts.order_by("created_at").values_list("pk", *Asked._fields[1:])


def pause(facts: Facts, visitor: Visitor) -> Paused | None:
    """How long the devices are not to be rung for this visitor; None when they may be."""
    now, success = facts.now, facts.success
    recent = [one for one in facts.asked if success is None or one.created_at > success]
    unwelcome = [one.ended_at for one in recent if one.state in UNWELCOME and one.ended_at]
    waits = [
        (_budget_free_at([one.created_at for one in recent], now), Why.OFTEN),
        (_pause_over_at(unwelcome), Why.NOT_APPROVED),
        (_mute_over_at(facts, visitor), Why.NOT_APPROVED),
        (_back_at(facts), Why.AWAY),
    ]
    until, why = max((wait, why) for wait, why in waits)
    return Paused(until, why) if until > now else None


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


def _mute_over_at(facts: Facts, visitor: Visitor) -> datetime:
    """After "it was not me" the browser and network that asked are not heard for an hour."""
    ends = [
        one.ended_at + MUTE
        for one in facts.asked
        if one.state == State.REPORTED
        and one.ended_at
        and one.browser == visitor.browser
        and Visitor(one.address or "").network == visitor.network
    ]
    return max(ends, default=LONG_AGO)


def _back_at(facts: Facts) -> datetime:
    """While the person is away. Whoever waits is told an hour at most: how long somebody is not
    at home is not for everybody who knows the password.
    """
    until = facts.away_until
    return min(until, facts.now + LONGEST_PAUSE) if until and until > facts.now else LONG_AGO
