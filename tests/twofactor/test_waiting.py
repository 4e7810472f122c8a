"""What the waiting page says about its question."""

from datetime import timedelta

import pytest
from django.db.models import F

from accounts import clock
from tests.linked import Linked
from tests.twofactor.asking import ask
from twofactor import waiting
from twofactor.exceptions import Paused, Why
from twofactor.models import Challenge, State

pytestmark = pytest.mark.django_db

NOT_APPROVED = ("denied", "Not approved. Try again, or use a code.")


def told(challenge: Challenge, **changes: object) -> waiting.Waiting:
    """What is said once the row has these values."""
    Challenge.objects.filter(pk=challenge.pk).update(**changes)
    return waiting.on(Challenge.objects.get(pk=challenge.pk), clock.now())


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (State.PENDING, ("pending", "Sent")),
        (State.APPROVED, ("approved", "Approved, one moment")),
        (State.DENIED, NOT_APPROVED),
        (State.REPORTED, NOT_APPROVED),
        (State.FAILED, NOT_APPROVED),
        (State.REVOKED, NOT_APPROVED),
        (State.EXPIRED, ("expired", "Nobody answered in time. Try again, or use a code.")),
        (State.CANCELLED, ("cancelled", "This request is over. Try again, or use a code.")),
    ],
)
def test_each_state_has_its_words(alice: Linked, state: State, shown: tuple[str, str]) -> None:
    said = told(ask(alice), state=state)
    assert (said.state, said.line) == shown


def test_every_state_but_pending_has_words() -> None:
    assert set(waiting.WORDS) == set(State) - {State.PENDING}


def test_the_older_of_two_says_that_a_newer_one_took_its_place(alice: Linked) -> None:
    older = ask(alice)
    ask(alice)
    said = told(older)
    assert said.state == "superseded"
    assert "A newer sign-in asked your devices instead" in said.line


def test_a_device_that_has_it_on_screen_is_named(alice: Linked) -> None:
    assert told(ask(alice), seen_by=alice.row).line == "On screen at “Pixel 8”"


def test_the_time_that_is_left_runs_down_to_nought(alice: Linked) -> None:
    challenge = ask(alice)
    assert 118 <= told(challenge).seconds_left <= 120
    half = timedelta(seconds=60)
    earlier = {"created_at": F("created_at") - half, "expires_at": F("expires_at") - half}
    assert 58 <= told(challenge, **earlier).seconds_left <= 60
    assert told(challenge).lifetime == 120


def test_d04_what_is_overdue_is_over_though_nothing_has_marked_it(alice: Linked) -> None:
    said = told(ask(alice), expires_at=clock.now())
    assert (said.state, said.seconds_left) == ("expired", 0)


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "seconds"), (100, "seconds"), (200, "4 minutes"), (3600, "minutes")]
)
def test_a_rest_is_told_in_seconds_or_whole_minutes(seconds: int, words: str) -> None:
    pause = Paused(clock.now() + timedelta(seconds=seconds), Why.OFTEN)
    said = waiting.paused(pause)
    assert said.state == "paused"
    assert words in said.line
    assert seconds <= said.resend_in + 1 <= seconds + 2
    assert "Use a code meanwhile." in said.line
