"""A decision counts once, when it is the device's own, in time, and about this very question."""

from typing import Any

import pytest
from django.db.models import F

from accounts.models import EventKind, SecurityEvent, User
from devices import enrolment
from devices.exceptions import BadRequest, Expired, NotPending, Refusal, Revoked, Unauthenticated
from devices.models import Device
from tests.linked import Linked
from tests.people import VISITOR
from tests.software_device import SoftwareDevice
from tests.twofactor.asking import answer, ask
from twofactor.models import Challenge, State

pytestmark = pytest.mark.django_db


def overdue(challenge: Challenge) -> None:
    Challenge.objects.filter(pk=challenge.pk).update(expires_at=F("created_at"))
    challenge.refresh_from_db()


@pytest.mark.parametrize(
    ("decision", "state"),
    [("approve", State.APPROVED), ("deny", State.DENIED), ("report", State.REPORTED)],
)
def test_each_decision_leads_to_its_state(alice: Linked, decision: str, state: State) -> None:
    challenge = ask(alice)
    assert answer(alice, challenge, decision) == state
    challenge.refresh_from_db()
    assert challenge.state == state


def test_d01_the_right_number_approves(alice: Linked) -> None:
    challenge = ask(alice, known=False)
    assert answer(alice, challenge, number=challenge.number) == State.APPROVED


@pytest.mark.parametrize("number", ["", "xx", "000", "٤٧"])
def test_d01_d03_any_other_number_ends_the_question(alice: Linked, number: str) -> None:
    challenge = ask(alice, known=False)
    assert answer(alice, challenge, number=number) == State.FAILED
    with pytest.raises(NotPending):
        answer(alice, challenge, number=challenge.number)


def test_d02_numbers_have_as_many_digits_as_the_setting_says(alice: Linked, settings: Any) -> None:
    settings.KAUTH_NUMBER_DIGITS = 6
    number = ask(alice, known=False).number
    assert len(number) == 6
    assert number.isascii()
    assert number.isdigit()


def test_d04_an_answer_after_expiry_changes_nothing(alice: Linked) -> None:
    challenge = ask(alice)
    overdue(challenge)
    with pytest.raises(Expired):
        answer(alice, challenge)
    challenge.refresh_from_db()
    assert challenge.state == State.PENDING


def test_d05_d29_a_second_answer_is_refused_and_written_down(alice: Linked) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    with pytest.raises(NotPending):
        answer(alice, challenge)
    kinds = list(SecurityEvent.objects.values_list("kind", flat=True))
    assert kinds.count(EventKind.REQUEST_APPROVED) == 1
    assert kinds.count(EventKind.ANSWER_REFUSED) == 1


@pytest.mark.parametrize("no", ["deny", "report"])
def test_d19_a_no_beats_a_yes_that_is_not_used(alice: Linked, no: str) -> None:
    challenge = ask(alice)
    answer(alice, challenge)
    assert answer(alice, challenge, no) in (State.DENIED, State.REPORTED)


@pytest.mark.parametrize("member", ["purpose", "expires", "context", "match", "created"])
def test_d13_d22_d24_what_was_signed_is_what_the_row_says(alice: Linked, member: str) -> None:
    challenge = ask(alice)
    changed = {
        "purpose": "reauth",
        "match": "number",
        "context": challenge.context + " ",
        "created": challenge.created_at.replace(year=2000),
        "expires": challenge.expires_at.replace(year=2100),
    }[member]
    signed_over = Challenge.objects.get(pk=challenge.pk)
    column = {"created": "created_at", "expires": "expires_at"}.get(member, member)
    setattr(signed_over, column, changed)
    with pytest.raises(Unauthenticated):
        answer(alice, signed_over)
    challenge.refresh_from_db()
    assert challenge.state == State.PENDING


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\xff" * 64, b"1" * 63, b"1" * 70])
def test_d26_a_spoiled_signature_is_refused(alice: Linked, signature: bytes) -> None:
    challenge = ask(alice)
    with pytest.raises(Unauthenticated):
        answer(alice, challenge, signature=signature)


def test_another_key_is_refused(alice: Linked) -> None:
    challenge = ask(alice)
    stranger = SoftwareDevice()
    stranger.origin, stranger.server_id = alice.phone.origin, alice.phone.server_id
    stranger.device, stranger.account = alice.phone.device, alice.phone.account
    with pytest.raises(Unauthenticated):
        answer(alice, challenge, by=stranger)


def test_a_question_to_somebody_else_is_refused_like_an_unknown_one(
    alice: Linked, bob: Linked
) -> None:
    with pytest.raises(Unauthenticated) as of_another:
        answer(bob, ask(alice))
    with pytest.raises(Unauthenticated) as of_nobody:
        answer(bob, ask(bob), challenge_id="A" * 43)
    assert str(of_another.value) == str(of_nobody.value)


def test_d39_a_removed_device_is_told_so(alice: Linked) -> None:
    challenge = ask(alice)
    enrolment.revoke(alice.row, visitor=VISITOR, by="a test")
    with pytest.raises(Revoked):
        answer(alice, challenge, device=Device.objects.get(pk=alice.row.pk))


def test_d88_a_planted_key_is_refused_and_told(alice: Linked) -> None:
    challenge = ask(alice)
    planted = SoftwareDevice()
    Device.objects.filter(pk=alice.row.pk).update(public_key=planted.public)
    with pytest.raises(Unauthenticated):
        answer(alice, challenge, by=planted, device=Device.objects.get(pk=alice.row.pk))
    assert SecurityEvent.objects.filter(kind=EventKind.TAMPERED).exists()


@pytest.mark.parametrize(
    ("decision", "number"), [("deny", "47"), ("report", "47"), ("yes", ""), ("", "")]
)
def test_what_the_protocol_does_not_know_is_a_bad_request(
    alice: Linked, decision: str, number: str
) -> None:
    with pytest.raises(BadRequest):
        answer(alice, ask(alice), decision, number)


def test_d09_not_me_asks_for_a_new_password(alice: Linked) -> None:
    answer(alice, ask(alice), "report")
    assert User.objects.get(pk=alice.user.pk).must_change_password


def test_every_refusal_leaves_an_event(alice: Linked) -> None:
    challenge = ask(alice)
    with pytest.raises(Refusal):
        answer(alice, challenge, signature=b"")
    event = SecurityEvent.objects.filter(kind=EventKind.ANSWER_REFUSED).get()
    assert event.detail == "approve: unauthenticated"
