"""“I am away”: requests stop at once, codes work, and who knows the password learns little."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.models import EventKind, SecurityEvent
from devices import enrolment
from tests.calls import call
from tests.linked import Linked
from tests.pages import (
    MANAGER,
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    two_factor_browser,
)
from tests.people import VISITOR
from tests.twofactor.asking import ask
from twofactor import absence, challenges
from twofactor.exceptions import Paused, Why
from twofactor.models import Absence, State

pytestmark = pytest.mark.django_db

AWAY = "/manager/away/"
CALL = "/device/v1/away"
HOUR = 3600


def go(person: Linked, **time: int) -> None:
    absence.begin(person.user, clock.now() + timedelta(**time), visitor=VISITOR)


def refusal(person: Linked) -> Paused:
    with pytest.raises(Paused) as refused:
        ask(person)
    return refused.value


# --- What it does -------------------------------------------------------------------------


def test_who_is_away_is_not_asked(alice: Linked) -> None:
    go(alice, hours=8)
    assert refusal(alice).why == Why.AWAY


def test_going_away_ends_the_open_request(alice: Linked) -> None:
    challenge = ask(alice)
    go(alice, hours=8)
    challenge.refresh_from_db()
    assert challenge.state == State.CANCELLED
    assert challenges.open_for(alice.row) is None


def test_it_ends_by_itself(alice: Linked) -> None:
    go(alice, hours=1)
    Absence.objects.update(until=clock.now() - timedelta(seconds=1))
    assert absence.of(alice.user) is None
    ask(alice)


def test_who_is_back_is_asked_again(alice: Linked) -> None:
    go(alice, hours=8)
    absence.end(alice.user, visitor=VISITOR)
    ask(alice)
    kinds = SecurityEvent.objects.values_list("kind", flat=True)
    assert {EventKind.AWAY, EventKind.BACK_AGAIN} <= set(kinds)


def test_nobody_else_is_away(alice: Linked, bob: Linked) -> None:
    go(alice, hours=8)
    ask(bob)


def test_codes_work_meanwhile(alice: Linked) -> None:
    go(alice, hours=8)
    visitor = browser()
    log_in(visitor)
    assert (
        "Your devices are not asked at the moment" in visitor.get("/login/verify/").content.decode()
    )
    pass_second_factor(visitor, alice.user)
    assert is_signed_in(visitor)


def test_how_long_is_not_told_to_who_knows_the_password(alice: Linked) -> None:
    go(alice, days=20)
    visitor = browser()
    log_in(visitor)
    state = visitor.get("/login/verify/state/").json()
    assert 0 < state["resend_in"] <= HOUR + 2
    assert "away" not in state["line"]


# --- From a page --------------------------------------------------------------------------


@pytest.fixture
def here(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


def test_a_person_goes_away_and_comes_back_on_the_page(alice: Linked, here: Client) -> None:
    here.post(AWAY, {"duration": "8"})
    assert "You are away until" in here.get(AWAY).content.decode()
    until = absence.of(alice.user)
    assert until
    assert timedelta(hours=7) < until - clock.now() <= timedelta(hours=8)
    assert f"Until {until.day} {until:%B}" in here.get(MANAGER).content.decode()
    here.post(AWAY, {"back": "1"})
    assert absence.of(alice.user) is None


@pytest.mark.parametrize("fields", [{}, {"duration": ""}, {"duration": "9"}, {"duration": "-1"}])
def test_no_other_time_can_be_chosen(alice: Linked, here: Client, fields: dict[str, str]) -> None:
    assert here.post(AWAY, fields).status_code == 200
    assert absence.of(alice.user) is None


def test_strangers_send_nobody_away(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    assert visitor.post(AWAY, {"duration": "8"}).headers["Location"].startswith("/login/")
    assert absence.of(alice.user) is None


# --- From a device ------------------------------------------------------------------------


def test_a_device_sends_its_person_away_and_back(alice: Linked) -> None:
    until = int(time.time()) + HOUR
    assert call(alice.phone, "GET", CALL).json() == {"until": None}
    assert call(alice.phone, "PUT", CALL, {"until": until}).json() == {"until": until}
    assert call(alice.phone, "GET", CALL).json() == {"until": until}
    assert refusal(alice).why == Why.AWAY
    assert SecurityEvent.objects.get(kind=EventKind.AWAY).device_name == "Pixel 8"
    assert call(alice.phone, "DELETE", CALL).json() == {"until": None}
    ask(alice)


@pytest.mark.parametrize("shift", [-1, 0, 31 * 24 * HOUR, 2**40, 2**62, -(2**62)])
def test_a_time_that_is_over_or_too_far_is_a_bad_request(alice: Linked, shift: int) -> None:
    answer = call(alice.phone, "PUT", CALL, {"until": int(time.time()) + shift})
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert absence.of(alice.user) is None


@pytest.mark.parametrize("body", [{}, {"until": "soon"}, {"until": None}, {"until": 1.5}, []])
def test_what_is_no_time_is_a_bad_request(alice: Linked, body: Any) -> None:
    assert call(alice.phone, "PUT", CALL, body).status_code == 400


def test_a_removed_device_sends_nobody_away(alice: Linked) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by="a test")
    answer = call(alice.phone, "PUT", CALL, {"until": int(time.time()) + HOUR})
    assert answer.status_code == 403
    assert absence.of(alice.user) is None
