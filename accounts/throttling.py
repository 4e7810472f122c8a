"""The one rate limiter: counts attempts before they are judged, in the database.

A counter belongs to one thing reached by one route (an account's password, a network's
passwords, an account's one-time codes). Waits grow up to a quarter of an hour and never become
a lock: whoever floods one route leaves the others, and known browsers, alone.
Sources: NIST SP 800-63B-4 section 3.2.2; OWASP Authentication Cheat Sheet.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Value, When
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import LONG_AGO, Throttle

LONGEST_WAIT = timedelta(minutes=15)
DOUBLINGS = 10


class Throttled(Exception):
    """The attempt was not judged. `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many tries. Wait {retry_after} seconds.")
        self.retry_after = retry_after

    @property
    def words(self) -> str:
        """For the person who tried."""
        return gettext("Too many tries. Wait %(seconds)s seconds, then try again.") % {
            "seconds": self.retry_after
        }


@dataclass(frozen=True)
class Limit:
    """`free` attempts at once, then one per wait: `first_wait`, doubled each time.

    Attempts older than `memory` are forgotten. From `off_after` consecutive failures the route
    stays shut for `memory`, since NIST wants an authenticator disabled at 100 at the latest.
    """

    free: int
    first_wait: timedelta
    memory: timedelta
    off_after: int | None = None


PASSWORD_OF_ACCOUNT = Limit(free=10, first_wait=timedelta(seconds=30), memory=timedelta(days=1))
PASSWORD_FROM_NETWORK = Limit(free=50, first_wait=timedelta(seconds=10), memory=timedelta(hours=1))
CODE = Limit(free=5, first_wait=timedelta(seconds=30), memory=timedelta(days=1), off_after=50)
SECURITY_KEY = Limit(free=10, first_wait=timedelta(seconds=30), memory=timedelta(days=1))
BACKUP_CODE = Limit(free=5, first_wait=timedelta(seconds=30), memory=timedelta(days=1))
DEVICE_CALLS = Limit(free=30, first_wait=timedelta(seconds=5), memory=timedelta(hours=1))
PRACTICE = Limit(free=5, first_wait=timedelta(seconds=30), memory=timedelta(hours=1))
SIGNUPS = Limit(free=20, first_wait=timedelta(minutes=1), memory=timedelta(hours=1))
REPORTS = Limit(free=50, first_wait=timedelta(minutes=1), memory=timedelta(hours=1))
RESETS = Limit(free=5, first_wait=timedelta(minutes=1), memory=timedelta(hours=1))


def reserve(key: str, limit: Limit) -> None:
    """Counts one attempt on `key`, or raises Throttled without counting.

    One UPDATE judges and counts, so that of many attempts at once no more pass than may.
    """
    if _count(key, limit):
        return
    # As new as it is: the clean-up, which may run between these two statements, leaves it.
    fresh = Throttle(key=key, updated_at=timezone.now())
    Throttle.objects.bulk_create([fresh], ignore_conflicts=True)
    if not _count(key, limit):
        raise Throttled(_seconds_left(key))


def clear(key: str) -> None:
    """A success: this counter starts anew. Never for a network, whose failures are others' too."""
    Throttle.objects.filter(key=key).update(failures=0, blocked_until=LONG_AGO)


def refund(key: str) -> None:
    """Takes back the one attempt that turned out right, and leaves the failures of others."""
    Throttle.objects.filter(key=key, failures__gt=0).update(
        failures=F("failures") - 1, blocked_until=LONG_AGO
    )


def is_off(key: str, limit: Limit) -> bool:
    """Whether the route is shut because of `off_after` failures in a row."""
    return (
        limit.off_after is not None
        and Throttle.objects.filter(
            key=key, failures__gte=limit.off_after, blocked_until__gt=Now()
        ).exists()
    )


def forget_old() -> int:
    """Drops the counters that no limit remembers any more; returns how many."""
    old = timezone.now() - timedelta(days=2)
    return Throttle.objects.filter(updated_at__lt=old, blocked_until__lt=old).delete()[0]


def _count(key: str, limit: Limit) -> int:
    forgotten = When(updated_at__lt=_in(-limit.memory), then=Value(1))
    return Throttle.objects.filter(key=key, blocked_until__lte=Now()).update(
        failures=Case(forgotten, default=F("failures") + 1),
        blocked_until=_next_try(limit),
        updated_at=Now(),
    )


def _next_try(limit: Limit) -> Case:
    """The wait after this attempt, as SQL over the count before it."""
    steps = [When(updated_at__lt=_in(-limit.memory), then=Value(LONG_AGO))]
    if limit.off_after is not None:
        steps.append(When(failures__gte=limit.off_after - 1, then=_in(limit.memory)))
    for doubling in range(DOUBLINGS, -1, -1):
        wait = min(limit.first_wait * 2**doubling, LONGEST_WAIT)
        steps.append(When(failures__gte=limit.free - 1 + doubling, then=_in(wait)))
    return Case(*steps, default=Value(LONG_AGO), output_field=DateTimeField())


def _in(delta: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(Now() + delta, output_field=DateTimeField())


def _seconds_left(key: str) -> int:
    until = Throttle.objects.values_list("blocked_until", flat=True).get(key=key)
    return max(1, int((until - timezone.now()).total_seconds()) + 1)
