"""How often an account's devices are rung, and what lets them rest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from accounts import audit
from accounts.models import EventKind, SecurityEvent
from accounts.visitors import Visitor
from tests.linked import Linked
from tests.people import VISITOR
from tests.twofactor.asking import BINDING, answer, ask, consume
from twofactor import challenges
from twofactor.exceptions import Paused, Why
from twofactor.models import Challenge, Purpose, State

pytestmark = pytest.mark.django_db


def later(person: Linked, seconds: int) -> None:
    """Lets time go by: what was asked is so much older."""
    age = timedelta(seconds=seconds)
    Challenge.objects.of(person.user).update(
        created_at=F("created_at") - age,
        expires_at=F("expires_at") - age,
        ended_at=F("ended_at") - age,
    )


def pause(again: Callable[[], object]) -> Paused:
    with pytest.raises(Paused) as refusal:
        again()
    return refusal.value


def ask_from(person: Linked, visitor: Visitor) -> Challenge:
    return challenges.issue(
        user=person.user,
        purpose=Purpose.ACTION,
        binding=BINDING,
        visitor=visitor,
        known_browser=None,
    )


def report(person: Linked, visitor: Visitor) -> None:
    """ "It was not me"; then the pause after any NO goes by."""
    answer(person, ask_from(person, visitor), "report")
    later(person, 60)


def test_d08_the_fourth_request_in_five_minutes_is_held_back(alice: Linked) -> None:
    for _ in range(3):
        ask(alice)
    assert pause(lambda: ask(alice)).why == Why.OFTEN
    later(alice, 300)
    ask(alice)


@pytest.mark.parametrize(("most", "apart", "free_after"), [(10, 300, 600), (20, 3000, 26_400)])
def test_d08_ten_in_an_hour_and_twenty_in_a_day_are_enough(
    alice: Linked, most: int, apart: int, free_after: int
) -> None:
    """Each is cancelled: no silence and no NO is in the way."""
    for _ in range(most):
        challenges.cancel(challenge_id=ask(alice).pk, binding=BINDING, visitor=VISITOR)
        later(alice, apart)
    assert pause(lambda: ask(alice)).why == Why.OFTEN
    later(alice, free_after - 60)
    assert pause(lambda: ask(alice)).why == Why.OFTEN
    later(alice, 60)
    ask(alice)


@pytest.mark.parametrize("decision", ["deny", "report"])
def test_d08_after_a_no_the_devices_rest(alice: Linked, decision: str) -> None:
    answer(alice, ask(alice), decision)
    assert pause(lambda: ask(alice)).why == Why.NOT_APPROVED


def test_d03_a_wrong_number_counts_on_the_account_and_lengthens_the_pause(alice: Linked) -> None:
    waits = []
    for _ in range(2):
        challenge = ask(alice, known=False)
        answer(alice, challenge, number="" if challenge.number else "0")
        ended = Challenge.objects.get(pk=challenge.pk).ended_at
        waits.append(pause(lambda: ask(alice)).until - ended)  # type: ignore[operator]
        later(alice, 60)
    assert waits == [timedelta(seconds=10), timedelta(seconds=20)]


def test_d08_after_silence_the_devices_rest(alice: Linked) -> None:
    ask(alice)
    later(alice, 121)
    assert pause(lambda: ask(alice)).why == Why.NOT_APPROVED


def test_d100_silence_is_in_the_log_though_the_next_question_comes_before_any_job(
    alice: Linked,
) -> None:
    ask(alice)
    later(alice, 121)
    for _ in range(2):
        pause(lambda: ask(alice))
    silence = SecurityEvent.objects.filter(kind=EventKind.REQUEST_EXPIRED)
    assert list(silence.values_list("login_id", flat=True)) == [alice.user.login_id]


@pytest.mark.parametrize("kind", [EventKind.SIGNED_IN, EventKind.REAUTHENTICATED])
def test_d08_a_sign_in_by_any_method_starts_the_count_anew(alice: Linked, kind: EventKind) -> None:
    for _ in range(3):
        ask(alice)
    later(alice, 30)
    audit.record(kind, user=alice.user, visitor=VISITOR)
    ask(alice)


def test_d08_an_action_that_was_approved_and_used_starts_the_count_anew(alice: Linked) -> None:
    """It signs nobody in, so no event of a sign-in tells of it."""
    for _ in range(2):
        ask(alice)
    last = ask_from(alice, VISITOR)
    answer(alice, last, number=last.number)
    later(alice, 30)
    assert pause(lambda: ask(alice)).why == Why.OFTEN
    consume(alice, last)
    ask(alice)


def test_d09_after_it_was_not_me_the_browser_that_asked_is_not_heard_for_an_hour(
    alice: Linked,
) -> None:
    report(alice, VISITOR)
    assert pause(lambda: ask_from(alice, VISITOR)).why == Why.NOT_APPROVED
    later(alice, 3600)
    ask_from(alice, VISITOR)


@pytest.mark.parametrize(
    ("reported", "same"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4"),
        ("203.0.113.7", "203.0.113.7"),
        ("", ""),
    ],
)
def test_d09_another_address_of_the_same_network_is_not_heard_either(
    alice: Linked, reported: str, same: str
) -> None:
    report(alice, replace(VISITOR, address=reported))
    pause(lambda: ask_from(alice, replace(VISITOR, address=same)))


@pytest.mark.parametrize(
    ("reported", "other"),
    [("2001:db8:1:2::3", "2001:db8:1:3::3"), ("203.0.113.7", "203.0.113.8")],
)
def test_d09_another_network_and_another_browser_are_heard(
    alice: Linked, reported: str, other: str
) -> None:
    report(alice, replace(VISITOR, address=reported))
    ask_from(alice, replace(VISITOR, address=other))
    ask_from(alice, Visitor(address=reported, browser="Safari on iOS"))


def test_d07_what_is_held_back_leaves_the_open_question_open(alice: Linked) -> None:
    for _ in range(3):
        challenge = ask(alice)
    pause(lambda: ask(alice))
    assert Challenge.objects.get(pk=challenge.pk).state == State.PENDING
