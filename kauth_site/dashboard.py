"""The admin's front page in figures: how well people are protected, and how they sign in.

Reads only, in a fixed number of grouped queries, and shows each staff member what they may view.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Count, FloatField, Func, Q, QuerySet, When
from django.db.models.functions import Cast, Substr
from django.utils.translation import gettext_lazy as _

from accounts.models import EventKind, SecurityEvent, User
from devices.models import LONG_UNUSED, Device
from twofactor import coverage
from twofactor.models import Challenge, State

DAYS = 30
# What is looked at for accounts that somebody may be trying to get into.
RECENTLY = timedelta(days=7)
MOST_SUSPECTS = 10
UNWANTED_FROM = 3

METHODS = {
    "kauth": _("kAuth app"),
    "key": _("Security key"),
    "code": _("Code"),
    "backup_code": _("Backup code"),
    "helpdesk_code": _("Help-desk code"),
    "password": _("Password alone"),
}
ENDS = {
    EventKind.REQUEST_APPROVED: _("Approved"),
    EventKind.REQUEST_DENIED: _("Denied"),
    EventKind.REQUEST_EXPIRED: _("Not answered"),
    EventKind.REQUEST_REPORTED: _("It was not me"),
}
UNWANTED = {
    EventKind.REQUEST_REPORTED: _("It was not me"),
    EventKind.REQUEST_DENIED: _("Denied"),
    EventKind.REQUEST_FAILED: _("Wrong number"),
    EventKind.REQUEST_EXPIRED: _("Not answered"),
    EventKind.REQUEST_PAUSED: _("Held back"),
}
ANSWERED_YES = (State.APPROVED, State.CONSUMED)
ANSWERED = (*ANSWERED_YES, State.DENIED, State.REPORTED, State.FAILED)


@dataclass(frozen=True)
class Protection:
    """How many accounts in use have a second factor, wait for one, or have a password alone."""

    on: int
    waiting: int
    off: int
    without_backup: int

    @property
    def people(self) -> int:
        return self.on + self.waiting + self.off

    @property
    def percent(self) -> int:
        """Never 100 while somebody is missing."""
        return self.on * 100 // self.people if self.people else 0


@dataclass(frozen=True)
class Traffic:
    """Sign-ins by method and ended requests by day, of the last thirty days (UTC)."""

    days: Sequence[str]
    sign_ins: Counter[str]
    ends: dict[EventKind, list[int]]


@dataclass(frozen=True)
class Suspect:
    user_id: Any
    login_id: str
    counts: dict[EventKind, int]


class Seconds(Func):
    """From the second of two columns to the first, by the database alone: for each difference of
    times SQLite would call Django, once a row.
    """

    template = "EXTRACT(EPOCH FROM %(expressions)s)"
    arg_joiner = " - "
    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        by_days = {
            "template": "86400.0 * (julianday(%(expressions)s))",
            "arg_joiner": ") - julianday(",
        }
        return self.as_sql(compiler, connection, **by_days, **context)


def period(now: datetime) -> list[str]:
    """The days that are looked at, today the last of them, such as 2026-11-24."""
    today = now.astimezone(UTC).date()
    return [(today - timedelta(days=ago)).isoformat() for ago in reversed(range(DAYS))]


def protection() -> Protection:
    people = coverage.measured(User.objects.filter(is_active=True)).order_by()
    groups = people.values("methods_in_use", "has_backup_code", "must_enrol")
    found = Counter[str]()
    for group in groups.annotate(n=Count("pk")):
        found[_part(group)] += group["n"]
        if group["methods_in_use"] == 1 and not group["has_backup_code"]:
            found["without_backup"] += group["n"]
    return Protection(**{name: found[name] for name in Protection.__dataclass_fields__})


def unused_devices(now: datetime) -> int:
    return Device.objects.unused_since(now - LONG_UNUSED).count()


def traffic(now: datetime) -> Traffic:
    """One pass over an index that holds all of it. A day is cut from the text of its time: a
    function for that would be called in Python for each row of SQLite.
    """
    days = period(now)
    events = SecurityEvent.objects.filter(
        kind__in=(EventKind.SIGNED_IN, *ENDS), created_at__gte=start_of(days[0])
    )
    day = Substr(Cast("created_at", CharField()), 1, len(days[0]))
    rows = events.order_by().values_list("kind", "method", day).annotate(n=Count("pk"))
    sign_ins, ends = Counter[str](), Counter[tuple[str, str]]()
    for kind, method, on, number in rows:
        if kind == EventKind.SIGNED_IN:
            sign_ins[method] += number
        else:
            ends[kind, on] += number
    return Traffic(days, sign_ins, {kind: [ends[kind, on] for on in days] for kind in ENDS})


def time_to_answer(now: datetime) -> timedelta | None:
    """The median over the answered requests of these days; None where there is none.

    A YES was given a fixed time before its approval runs out, however late the page used it.
    """
    said_yes = Seconds("redeem_until", "created_at") - settings.KAUTH_REDEEM_LIFETIME.seconds
    took = Case(
        When(state__in=ANSWERED_YES, then=said_yes), default=Seconds("ended_at", "created_at")
    )
    since = start_of(period(now)[0])
    answers = Challenge.objects.filter(state__in=ANSWERED, created_at__gte=since)
    number = answers.count()
    if not number:
        return None
    middle = answers.order_by(took).values_list(took, flat=True)[(number - 1) // 2]
    return timedelta(seconds=round(middle))


def suspects(now: datetime) -> list[Suspect]:
    """Accounts whose password somebody else may know: their person says NO, or nothing at all."""
    unwanted = SecurityEvent.objects.filter(
        kind__in=tuple(UNWANTED), created_at__gte=now - RECENTLY, user__is_active=True
    )
    counts = {kind: Count("pk", filter=Q(kind=kind)) for kind in UNWANTED}
    people: QuerySet[Any] = (
        unwanted.order_by()
        .values("user", "user__login_id")
        .annotate(total=Count("pk"), **counts)
        .filter(Q(total__gte=UNWANTED_FROM) | Q(**{f"{EventKind.REQUEST_REPORTED}__gt": 0}))
        .order_by(f"-{EventKind.REQUEST_REPORTED}", "-total", "user__login_id")[:MOST_SUSPECTS]
    )
    return [
        Suspect(row["user"], row["user__login_id"], {kind: row[kind] for kind in UNWANTED})
        for row in people
    ]


def start_of(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day), time(), UTC)


def _part(group: dict[str, Any]) -> str:
    if group["methods_in_use"]:
        return "on"
    return "waiting" if group["must_enrol"] else "off"
