"""What the proof does when devices come and go, in the transaction of the change."""

import pytest
from django.db import transaction

from accounts.models import User
from devices import enrolment
from devices.models import Device, DeviceState, Enrolment
from tests.linked import Linked
from tests.people import VISITOR, link_device, make_user
from tests.twofactor.asking import answer, ask
from twofactor.models import BackupCodeSet, Challenge, State

pytestmark = pytest.mark.django_db


def state_of(challenge: Challenge) -> State:
    return State(Challenge.objects.get(pk=challenge.pk).state)


def revoke(device: Device) -> None:
    enrolment.revoke(device, visitor=VISITOR, by=enrolment.BY_PERSON)


def test_the_linking_that_switched_it_on_is_told_from_the_later_ones() -> None:
    user = make_user()
    link_device(user)
    link_device(user, "Laptop")
    switched_on = Enrolment.objects.order_by("pk").values_list("switched_on", flat=True)
    assert list(switched_on) == [True, False]


def test_d42_the_yes_of_a_removed_device_is_void(alice: Linked) -> None:
    link_device(alice.user, "Laptop")
    challenge = ask(alice)
    answer(alice, challenge)
    revoke(alice.row)
    assert state_of(challenge) == State.REVOKED


def test_d42_with_the_last_device_an_open_question_ends(alice: Linked) -> None:
    challenge = ask(alice)
    revoke(alice.row)
    assert state_of(challenge) == State.CANCELLED


def test_with_another_device_left_it_stays_open(alice: Linked) -> None:
    link_device(alice.user, "Laptop")
    challenge = ask(alice)
    revoke(alice.row)
    assert state_of(challenge) == State.PENDING


def test_somebody_elses_question_is_left_alone(alice: Linked, bob: Linked) -> None:
    challenge = ask(bob)
    revoke(alice.row)
    assert state_of(challenge) == State.PENDING


def test_a_removal_that_is_taken_back_has_changed_nothing(alice: Linked) -> None:
    challenge = ask(alice)
    with transaction.atomic():
        revoke(alice.row)
        transaction.set_rollback(True)
    assert state_of(challenge) == State.PENDING
    assert Device.objects.get(pk=alice.row.pk).state == DeviceState.ACTIVE
    assert BackupCodeSet.objects.filter(user=alice.user).exists()
    assert not User.objects.get(pk=alice.user.pk).must_enrol
