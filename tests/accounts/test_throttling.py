"""The one rate limiter: counts first, waits longer each time, forgets, and never locks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import throttling
from accounts.models import LONG_AGO, Throttle
from accounts.throttling import LONGEST_WAIT, Limit, Throttled

pytestmark = pytest.mark.django_db

KEY = "code:account:1"
LIMIT = Limit(free=3, first_wait=timedelta(seconds=30), memory=timedelta(hours=1))
OFF_AT_5 = Limit(3, timedelta(seconds=30), timedelta(hours=1), off_after=5)
LIMITS = [
    throttling.PASSWORD_OF_ACCOUNT,
    throttling.PASSWORD_FROM_NETWORK,
    throttling.CODE,
    throttling.BACKUP_CODE,
    throttling.DEVICE_CALLS,
    throttling.SIGNUPS,
    throttling.RESETS,
]


def pass_time(span: timedelta) -> None:
    """Moves every counter into the past, as if `span` had gone by."""
    Throttle.objects.update(
        blocked_until=F("blocked_until") - span, updated_at=F("updated_at") - span
    )


def wait_out(key: str = KEY) -> None:
    pass_time(max(timedelta(), Throttle.objects.get(key=key).blocked_until - timezone.now()))


def failures(key: str = KEY) -> int:
    return Throttle.objects.get(key=key).failures


def waits(limit: Limit, attempts: int) -> Iterator[int]:
    """The wait in seconds after each attempt; each is made as soon as it is allowed."""
    for _ in range(attempts):
        throttling.reserve(KEY, limit)
        left = Throttle.objects.get(key=KEY).blocked_until - timezone.now()
        yield max(0, round(left.total_seconds()))
        wait_out()


def test_the_first_attempts_are_free_and_the_next_is_not_judged() -> None:
    for _ in range(LIMIT.free):
        throttling.reserve(KEY, LIMIT)
    with pytest.raises(Throttled) as refusal:
        throttling.reserve(KEY, LIMIT)
    assert 1 <= refusal.value.retry_after <= 31


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    assert list(waits(LIMIT, 11)) == [0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900]


@pytest.mark.parametrize("limit", LIMITS)
def test_d60_no_limit_ever_becomes_a_lock(limit: Limit) -> None:
    """A route that is off after so many failures is a code's, and comes back by itself."""
    Throttle.objects.create(key=KEY, failures=(limit.off_after or 1_000_000) - 2)
    assert max(waits(limit, 1)) <= LONGEST_WAIT.total_seconds()
    assert limit.off_after is None or limit.off_after <= 100


def test_an_attempt_that_is_refused_is_not_counted_and_prolongs_nothing() -> None:
    for _ in range(LIMIT.free):
        throttling.reserve(KEY, LIMIT)
    before = Throttle.objects.get(key=KEY)
    for _ in range(5):
        with pytest.raises(Throttled):
            throttling.reserve(KEY, LIMIT)
    after = Throttle.objects.get(key=KEY)
    assert (before.failures, before.blocked_until) == (after.failures, after.blocked_until)


def test_after_the_wait_there_is_one_attempt() -> None:
    for _ in range(LIMIT.free):
        throttling.reserve(KEY, LIMIT)
    wait_out()
    throttling.reserve(KEY, LIMIT)
    with pytest.raises(Throttled):
        throttling.reserve(KEY, LIMIT)


def test_what_is_older_than_the_memory_is_forgotten() -> None:
    list(waits(LIMIT, 6))
    pass_time(LIMIT.memory + timedelta(seconds=1))
    assert list(waits(LIMIT, 3)) == [0, 0, 30]


def test_what_is_younger_than_the_memory_is_not_forgotten() -> None:
    Throttle.objects.create(key=KEY, failures=6, updated_at=timezone.now())
    pass_time(LIMIT.memory - timedelta(minutes=1))
    assert list(waits(LIMIT, 1)) == [480]


def test_a_success_starts_its_counter_anew() -> None:
    list(waits(LIMIT, 6))
    throttling.clear(KEY)
    assert list(waits(LIMIT, 3)) == [0, 0, 30]


def test_d59_a_refund_takes_back_one_attempt_and_leaves_the_failures() -> None:
    list(waits(LIMIT, 6))
    throttling.reserve(KEY, LIMIT)
    throttling.refund(KEY)
    assert failures() == 6


def test_a_refund_of_nothing_is_nothing() -> None:
    throttling.refund(KEY)
    throttling.reserve(KEY, LIMIT)
    throttling.clear(KEY)
    throttling.refund(KEY)
    assert failures() == 0


def test_counters_know_nothing_of_each_other() -> None:
    list(waits(LIMIT, 6))
    throttling.reserve("code:account:2", LIMIT)
    throttling.clear("code:account:2")
    assert failures() == 6


def test_after_too_many_failures_the_route_is_off_for_its_memory() -> None:
    assert not throttling.is_off(KEY, OFF_AT_5)
    *_, last = waits(OFF_AT_5, 4)
    assert last == 60
    throttling.reserve(KEY, OFF_AT_5)
    assert throttling.is_off(KEY, OFF_AT_5)
    pass_time(LONGEST_WAIT * 3)
    assert throttling.is_off(KEY, OFF_AT_5)
    pass_time(OFF_AT_5.memory)
    assert not throttling.is_off(KEY, OFF_AT_5)
    throttling.reserve(KEY, OFF_AT_5)


def test_a_route_without_that_limit_is_never_off() -> None:
    Throttle.objects.create(
        key=KEY, failures=99, blocked_until=timezone.now() + timedelta(minutes=10)
    )
    assert not throttling.is_off(KEY, LIMIT)


def test_d58_judging_and_counting_are_one_statement() -> None:
    throttling.reserve(KEY, LIMIT)
    with CaptureQueriesContext(connection) as said:
        throttling.reserve(KEY, LIMIT)
    (statement,) = [query["sql"] for query in said.captured_queries]
    assert statement.startswith("UPDATE")
    assert "SELECT" not in statement


def test_counters_that_nobody_remembers_are_dropped() -> None:
    fresh, old = timezone.now(), timezone.now() - timedelta(days=3)
    later = timezone.now() + timedelta(minutes=1)
    Throttle.objects.bulk_create(
        [
            Throttle(key="old", updated_at=old, blocked_until=LONG_AGO),
            Throttle(key="fresh", updated_at=fresh, blocked_until=LONG_AGO),
            Throttle(key="old but shut", updated_at=old, blocked_until=later),
        ]
    )
    assert throttling.forget_old() == 1
    assert set(Throttle.objects.values_list("key", flat=True)) == {"fresh", "old but shut"}


@pytest.mark.parametrize("limit", LIMITS)
def test_no_limit_remembers_longer_than_counters_are_kept(limit: Limit) -> None:
    assert limit.memory < timedelta(days=2)


def test_a_counter_tells_its_name() -> None:
    assert str(Throttle(key=KEY)) == KEY


def test_the_clean_up_takes_no_counter_that_is_just_being_made() -> None:
    def cleaned_up_after(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith("INSERT"):
            throttling.forget_old()
        return result

    with connection.execute_wrapper(cleaned_up_after):
        throttling.reserve("somebody", throttling.SIGNUPS)
    assert Throttle.objects.get(key="somebody").failures == 1
