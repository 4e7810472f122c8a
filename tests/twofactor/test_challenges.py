"""From the question to the sign-in: asked once, used once, by the session that asked."""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts import passwords
from accounts.models import EventKind, User
from devices import enrolment
from devices.models import Device, DeviceState
from tests.linked import Linked
from tests.people import VISITOR, claim_link
from tests.software_device import SoftwareDevice
from tests.twofactor.asking import answer, ask, consume
from twofactor import challenges
from twofactor.exceptions import NotApproved
from twofactor.models import Challenge, State

pytestmark = pytest.mark.django_db


def state_of(challenge: Challenge) -> str:
    return Challenge.objects.get(pk=challenge.pk).state


def test_an_approval_is_used_once(alice: Linked) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    assert consume(alice, challenge).answered_by == alice.row
    with pytest.raises(NotApproved):
        consume(alice, challenge)


def test_d06_only_the_session_that_asked_can_use_it(alice: Linked) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    with pytest.raises(NotApproved):
        consume(alice, challenge, binding="c" * 64)


@pytest.mark.parametrize("decision", [None, "deny", "report"])
def test_d21_only_an_approval_lets_in(alice: Linked, decision: str | None) -> None:
    challenge = ask(alice)
    if decision:
        answer(alice, challenge, decision)
    with pytest.raises(NotApproved):
        consume(alice, challenge)


def test_d20_an_approval_that_nobody_uses_is_void_after_its_time(alice: Linked) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    Challenge.objects.filter(pk=challenge.pk).update(redeem_until=F("created_at"))
    with pytest.raises(NotApproved):
        consume(alice, challenge)


def test_d23_an_approval_dies_with_its_device(alice: Linked) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    enrolment.revoke(alice.row, visitor=VISITOR, by="a test")
    assert state_of(challenge) == State.REVOKED
    with pytest.raises(NotApproved):
        consume(alice, challenge)


def test_d23_a_device_that_is_unlinked_in_the_table_alone_lets_nobody_in(alice: Linked) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    Device.objects.filter(pk=alice.row.pk).update(state=DeviceState.REVOKED, confirmed=False)
    with pytest.raises(NotApproved):
        consume(alice, challenge)


def test_d23_a_new_password_voids_an_approval(alice: Linked) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    passwords.change(
        alice.user, "another good horse", visitor=VISITOR, kind=EventKind.PASSWORD_CHANGED
    )
    with pytest.raises(NotApproved):
        consume(alice, challenge)


def test_d23_a_locked_account_voids_an_approval(alice: Linked) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    User.objects.filter(pk=alice.user.pk).update(is_active=False)
    with pytest.raises(NotApproved):
        consume(alice, challenge)


def test_d07_a_newer_question_takes_the_place_of_the_older(alice: Linked) -> None:
    older, newer = ask(alice), ask(alice)
    assert (state_of(older), state_of(newer)) == (State.SUPERSEDED, State.PENDING)


def test_d18_no_step_filters_by_a_sub_select(alice: Linked) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        challenge = ask(alice)
        answer(alice, challenge)
        consume(alice, challenge)
    updates = [q["sql"] for q in captured if q["sql"].startswith("UPDATE")]
    assert len(updates) >= 3
    assert not [sql for sql in updates if "IN (SELECT" in sql]


def test_d28_an_identifier_is_256_bits_and_new_each_time(alice: Linked) -> None:
    names = {ask(alice).pk, ask(alice).pk}
    assert len(names) == 2
    assert {len(name) for name in names} == {43}


def test_d39_only_a_linked_device_can_say_that_it_was_seen(alice: Linked) -> None:
    challenge = ask(alice)
    _, pending = claim_link(alice.user, SoftwareDevice("Stranger"))
    challenges.seen(challenge.pk, pending)
    assert Challenge.objects.get(pk=challenge.pk).seen_by is None
    challenges.seen(challenge.pk, alice.row)
    assert Challenge.objects.get(pk=challenge.pk).seen_by == alice.row
