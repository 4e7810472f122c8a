"""What is written down, and that nobody can make the table grow at will."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import activity, audit
from accounts.models import EventKind, SecurityEvent, User
from accounts.visitors import Visitor
from tests.people import make_user

pytestmark = pytest.mark.django_db

FIREFOX = Visitor(address="2001:db8:1:2::7", browser="Firefox on Windows")
NEIGHBOUR = Visitor(address="2001:db8:1:2::8", browser="Firefox on Windows")
ELSEWHERE = Visitor(address="2001:db8:1:3::7", browser="Firefox on Windows")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, 30, 59, tzinfo=UTC)


@pytest.fixture
def user() -> User:
    return make_user()


def counts() -> list[int]:
    return list(SecurityEvent.objects.order_by("id").values_list("times", flat=True))


def refuse(user: User, visitor: Visitor = FIREFOX, detail: str = "") -> None:
    audit.record(EventKind.THROTTLED, user=user, visitor=visitor, detail=detail)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands still, so that no test begins in one minute and ends in the next."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def test_what_happened_to_many_is_written_as_what_happened_to_one(user: User) -> None:
    audit.record_for_each(EventKind.REQUEST_EXPIRED, User.objects.all())
    audit.record(EventKind.REQUEST_EXPIRED, user=user)
    columns = [field.attname for field in SecurityEvent._meta.fields if not field.primary_key]
    first, second = SecurityEvent.objects.values(*columns)
    assert first == second


def test_d100_refusals_that_are_alike_are_one_row_a_minute_with_their_count(user: User) -> None:
    for visitor in [FIREFOX, FIREFOX, NEIGHBOUR]:
        refuse(user, visitor)
    assert counts() == [3]
    words = activity.in_words(SecurityEvent.objects.get())
    assert words.startswith("Too many tries from Firefox on Windows")
    assert words.endswith("(3 times)")


def test_d100_refusals_that_differ_are_rows_of_their_own(user: User) -> None:
    refuse(user)
    refuse(user, ELSEWHERE)
    refuse(user, detail="approve: expired")
    refuse(make_user("bob@example.org"))
    audit.record(EventKind.REQUEST_PAUSED, user=user, visitor=FIREFOX)
    assert counts() == [1] * 5


def test_d100_what_a_limit_stands_before_is_a_row_each_time(user: User) -> None:
    for _ in range(2):
        audit.record(EventKind.PASSWORD_WRONG, user=user, visitor=FIREFOX)
    assert counts() == [1, 1]


def test_d100_the_next_minute_has_a_row_of_its_own(user: User, clock: Clock) -> None:
    refuse(user)
    clock.now += timedelta(minutes=1)
    refuse(user)
    assert counts() == [1, 1]
