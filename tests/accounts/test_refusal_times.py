"""D-61: that the reasons of a refusal cannot be told apart by its time, by statistics."""

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import pytest
from django.utils import timezone

from accounts.hashers import SitePasswordHasher
from accounts.models import LONG_AGO, Throttle
from tests.accounts.tries import use_up
from tests.pages import browser, log_in
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

MOST_SAMPLES, BATCH = 200, 10
# What a listener on the network would have to tell apart from its own noise.
TOLERANCE = 0.05
TRIES = {
    "unknown": ("nobody@example.org", PASSWORD),
    "inactive": ("gone@example.org", PASSWORD),
    "wrong": ("alice@example.org", "wrong horse"),
    "throttled": ("busy@example.org", PASSWORD),
}


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """With hashes of the size that the product makes; the other tests have smaller ones."""
    monkeypatch.setattr(SitePasswordHasher, "memory_cost", 46 * 1024)
    make_user("alice@example.org")
    make_user("gone@example.org", is_active=False)
    make_user("busy@example.org")
    use_up("busy@example.org")
    Throttle.objects.update(blocked_until=timezone.now() + timedelta(hours=1))


def forgive() -> None:
    """Nobody is throttled by this test itself but the one who is to be."""
    mine = Throttle.objects.filter(blocked_until__lt=timezone.now() + timedelta(minutes=30))
    mine.update(failures=0, blocked_until=LONG_AGO)


def cost(attempt: Callable[[], object]) -> float:
    """In the processor's own time, which no neighbour on this machine adds to."""
    began = time.thread_time()
    attempt()
    return time.thread_time() - began


def spread(samples: dict[str, list[float]]) -> float:
    """How far the medians of the reasons lie apart, in parts of their middle."""
    middles = [median(times) for times in samples.values()]
    return (max(middles) - min(middles)) / median(middles)


def test_d61_the_reasons_of_a_refusal_take_the_same_time(people: None) -> None:
    """In turns, so that whatever slows the machine slows all alike; in batches, until it is plain
    that they do not differ, and to the number of samples at most.
    """
    visitor = browser()
    for login_id, password in TRIES.values():
        log_in(visitor, login_id, password)
    samples: dict[str, list[float]] = defaultdict(list)
    for number in range(MOST_SAMPLES):
        forgive()
        for reason, (login_id, password) in TRIES.items():
            samples[reason].append(cost(lambda: log_in(visitor, login_id, password)))  # noqa: B023
        if number % BATCH == BATCH - 1 and spread(samples) < TOLERANCE:
            break
    assert spread(samples) < TOLERANCE
