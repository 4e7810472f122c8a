"""Accounts that many make, or settle, at the same moment."""

from collections.abc import Iterator
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import throttling
from accounts.models import Throttle, User
from tests.pages import browser
from tests.people import PASSWORD
from tests.races.crowd import Crowd

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]

FIELDS = {"username": "alice@example.org", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    with Crowd() as threads:
        yield threads


def sign_up(spelling: str) -> int:
    return int(browser().post("/signup/", {**FIELDS, "username": spelling}).status_code)


def test_of_many_that_make_one_account_one_makes_it(crowd: Crowd, settings: Settings) -> None:
    settings.KAUTH_SIGNUP = "open"
    spellings = ["alice@example.org", "ALICE@example.org", "ａlice@example.org"] * 4
    statuses = crowd.at_once([partial(sign_up, spelling) for spelling in spellings])
    assert sorted(statuses) == [200] * 11 + [302]
    assert User.objects.count() == 1


def test_d59_successes_at_once_take_back_no_failure_of_others(crowd: Crowd) -> None:
    key = "password:network:192.0.2.1"
    Throttle.objects.create(key=key, failures=5, updated_at=timezone.now())

    def succeed() -> None:
        throttling.reserve(key, throttling.PASSWORD_FROM_NETWORK)
        throttling.refund(key)

    crowd.at_once([succeed] * 24)
    assert Throttle.objects.get(key=key).failures == 5
