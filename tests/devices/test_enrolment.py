"""Linking and unlinking: who may, when, how often (D-18, D-35, D-37 to D-40, D-43)."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import EventKind, SecurityEvent
from devices import enrolment, p256, protocol
from devices.enrolment import Claimed
from devices.exceptions import (
    AlreadyClaimed,
    BadRequest,
    Expired,
    LastFactor,
    NotFound,
    TooManyDevices,
    Unauthenticated,
)
from devices.models import Device, DeviceState, Enrolment, EnrolmentState
from tests.calls import claim_of, offer
from tests.linked import Linked
from tests.people import VISITOR, claim_link, link_device
from tests.software_device import SoftwareDevice
from tests.statements import captured
from twofactor import backup_codes
from twofactor.models import BackupCodeSet

pytestmark = pytest.mark.django_db


def claimed(body: dict[str, Any]) -> Claimed:
    given = claim_of(body)
    return enrolment.claim(enrolment.find(given.token), given, visitor=VISITOR, here=False)


def shift(made: Enrolment, seconds: int) -> None:
    """As if `made` had been made so many seconds earlier."""
    times = {name: F(name) - timedelta(seconds=seconds) for name in ("created_at", "expires_at")}
    Enrolment.objects.filter(pk=made.pk).update(**times)


def state_of(row: Any) -> str:
    row.refresh_from_db()
    return str(row.state)


# --- The offer ----------------------------------------------------------------------------


def test_d35_a_token_has_256_random_bits_and_only_its_hash_is_kept(alice: Linked) -> None:
    made, token = enrolment.offer(user=alice.user, replaces=None)
    assert len(token) == 32
    assert made.token_hash == protocol.sha256(token).hex()
    kept = " ".join(str(value) for value in vars(made).values())
    assert not {token.hex(), protocol.b64(token), str(token)} & set(kept.split())


def test_d35_it_lives_five_minutes(alice: Linked) -> None:
    made, _ = offer(alice.user)
    assert made.expires_at - made.created_at == timedelta(seconds=300)


def test_d35_a_new_offer_ends_the_one_that_it_replaces(alice: Linked) -> None:
    made, address = offer(alice.user)
    enrolment.offer(user=alice.user, replaces=made.pk)
    assert state_of(made) == EnrolmentState.REPLACED
    with pytest.raises(Expired):
        claimed(SoftwareDevice().claim_body(address))


def test_d35_a_claimed_offer_that_is_replaced_takes_its_device_with_it(alice: Linked) -> None:
    made, row = claim_link(alice.user, SoftwareDevice())
    enrolment.offer(user=alice.user, replaces=made.pk)
    assert state_of(row) == DeviceState.REVOKED


def test_no_offer_is_made_for_a_sixth_device(alice: Linked) -> None:
    for number in range(2, settings.KAUTH_DEVICES_PER_ACCOUNT + 1):
        link_device(alice.user, f"Phone {number}")
    with pytest.raises(TooManyDevices):
        offer(alice.user)


def test_five_offers_made_in_time_still_end_in_five_devices(alice: Linked) -> None:
    open_offers = [claim_link(alice.user, SoftwareDevice())[0] for _ in range(5)]
    for made in open_offers[:4]:
        enrolment.confirm(made.pk, user=alice.user, visitor=VISITOR)
    with pytest.raises(TooManyDevices):
        enrolment.confirm(open_offers[4].pk, user=alice.user, visitor=VISITOR)
    assert state_of(open_offers[4]) == EnrolmentState.CLAIMED


# --- The claim ----------------------------------------------------------------------------


def test_d38_a_claim_leaves_the_device_pending(alice: Linked) -> None:
    made, address = offer(alice.user)
    answer = claimed(SoftwareDevice("Laptop").claim_body(address))
    assert (answer.device.state, answer.device.confirmed) == (DeviceState.PENDING, False)
    assert answer.device.linked_browser == VISITOR.browser
    assert answer.device.linked_address == VISITOR.address
    made.refresh_from_db()
    assert (made.state, made.device) == (EnrolmentState.CLAIMED, answer.device)


def test_d99_the_name_is_stored_clean_but_signed_as_sent(alice: Linked) -> None:
    _, address = offer(alice.user)
    device = SoftwareDevice("\u202e<b>\x1b[2J" + "x" * 100, platform="An evil platform")
    row = claimed(device.claim_body(address)).device
    assert row.name.startswith("<b> [2Jx")
    assert len(row.name) == 40
    assert row.platform == "other"


def test_d35_an_offer_is_claimed_once(alice: Linked) -> None:
    _, address = offer(alice.user)
    claimed(SoftwareDevice().claim_body(address))
    with pytest.raises(AlreadyClaimed):
        claimed(SoftwareDevice().claim_body(address))


def test_d37_a_claim_cannot_be_replayed(alice: Linked) -> None:
    _, address = offer(alice.user)
    body = SoftwareDevice().claim_body(address)
    claimed(body)
    with pytest.raises(AlreadyClaimed):
        claimed(body)
    _, another = offer(alice.user)
    body["token"] = protocol.b64(protocol.parse_link(another).token)
    with pytest.raises(Unauthenticated):
        claimed(body)


@pytest.mark.parametrize("member", ["key", "name", "nonce", "sig"])
def test_d37_nothing_in_a_claim_can_be_swapped(alice: Linked, member: str) -> None:
    made, address = offer(alice.user)
    body = SoftwareDevice().claim_body(address)
    body[member] = SoftwareDevice("Another").claim_body(address)[member]
    with pytest.raises(Unauthenticated):
        claimed(body)
    assert state_of(made) == EnrolmentState.OFFERED


def test_d26_a_key_that_is_no_point_of_p256_is_refused(alice: Linked) -> None:
    _, address = offer(alice.user)
    body = SoftwareDevice().claim_body(address)
    for key in (b"\x04" + b"\1" * 64, b"\x05" + p256.public_bytes(p256.generate())[1:]):
        with pytest.raises(BadRequest):
            claimed({**body, "key": protocol.b64(key)})


@pytest.mark.parametrize(("seconds", "in_time"), [(298, True), (300, False), (301, False)])
def test_d35_an_offer_is_claimed_in_time_or_never(
    alice: Linked, seconds: int, in_time: bool
) -> None:
    made, address = offer(alice.user)
    shift(made, seconds)
    body = SoftwareDevice().claim_body(address)
    if in_time:
        assert claimed(body).device.state == DeviceState.PENDING
    else:
        with pytest.raises(Expired):
            claimed(body)
        assert Device.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (EnrolmentState.CLAIMED, AlreadyClaimed),
        (EnrolmentState.CONFIRMED, AlreadyClaimed),
        (EnrolmentState.REFUSED, AlreadyClaimed),
        (EnrolmentState.REPLACED, Expired),
        (EnrolmentState.EXPIRED, Expired),
    ],
)
def test_only_an_open_offer_is_claimed(
    alice: Linked, state: EnrolmentState, refusal: type[Exception]
) -> None:
    made, address = offer(alice.user)
    Enrolment.objects.filter(pk=made.pk).update(state=state)
    with pytest.raises(refusal):
        claimed(SoftwareDevice().claim_body(address))


def test_an_unknown_token_and_one_of_a_locked_account_are_not_found(alice: Linked) -> None:
    with pytest.raises(NotFound):
        enrolment.find(b"t" * 32)
    _, token = enrolment.offer(user=alice.user, replaces=None)
    type(alice.user).objects.update(is_active=False)
    with pytest.raises(NotFound):
        enrolment.find(token)


def test_an_offer_made_here_is_not_for_other_browsers(alice: Linked) -> None:
    made, address = offer(alice.user, here=True)
    with pytest.raises(Unauthenticated):
        claimed(SoftwareDevice().claim_body(address))
    assert state_of(made) == EnrolmentState.OFFERED


# --- The person's yes and no --------------------------------------------------------------


def test_d38_yes_links_the_device(alice: Linked) -> None:
    made, _ = claim_link(alice.user, SoftwareDevice("Laptop"))
    row = enrolment.confirm(made.pk, user=alice.user, visitor=VISITOR)
    assert (row.state, row.confirmed) == (DeviceState.ACTIVE, True)
    assert state_of(made) == EnrolmentState.CONFIRMED
    assert SecurityEvent.objects.filter(kind=EventKind.DEVICE_LINKED).exists()


def test_d38_no_ends_the_offer_and_its_device(alice: Linked) -> None:
    made, row = claim_link(alice.user, SoftwareDevice("Laptop"))
    enrolment.refuse(made.pk, user=alice.user, visitor=VISITOR)
    assert (state_of(made), state_of(row)) == (EnrolmentState.REFUSED, DeviceState.REVOKED)
    assert SecurityEvent.objects.filter(kind=EventKind.DEVICE_REFUSED).count() == 1
    with pytest.raises(Expired):
        enrolment.confirm(made.pk, user=alice.user, visitor=VISITOR)


def test_a_second_no_is_not_written_down(alice: Linked) -> None:
    made, _ = claim_link(alice.user, SoftwareDevice())
    for _ in range(2):
        enrolment.refuse(made.pk, user=alice.user, visitor=VISITOR)
    assert SecurityEvent.objects.filter(kind=EventKind.DEVICE_REFUSED).count() == 1


def test_yes_to_an_offer_that_nobody_claimed_is_refused(alice: Linked) -> None:
    made, _ = offer(alice.user)
    with pytest.raises(Expired):
        enrolment.confirm(made.pk, user=alice.user, visitor=VISITOR)


def test_yes_by_another_account_is_refused(alice: Linked, bob: Linked) -> None:
    made, row = claim_link(alice.user, SoftwareDevice())
    with pytest.raises(Expired):
        enrolment.confirm(made.pk, user=bob.user, visitor=VISITOR)
    assert state_of(row) == DeviceState.PENDING


def test_yes_comes_in_time_or_never(alice: Linked) -> None:
    made, row = claim_link(alice.user, SoftwareDevice())
    shift(made, 300)
    with pytest.raises(Expired):
        enrolment.confirm(made.pk, user=alice.user, visitor=VISITOR)
    assert state_of(row) == DeviceState.PENDING


def test_what_is_overdue_ends_with_its_device(alice: Linked) -> None:
    made, row = claim_link(alice.user, SoftwareDevice())
    fresh, _ = offer(alice.user)
    shift(made, 301)
    assert enrolment.end_overdue(10) == 1
    assert enrolment.end_overdue(10) == 0
    assert (state_of(made), state_of(row)) == (EnrolmentState.EXPIRED, DeviceState.REVOKED)
    assert state_of(fresh) == EnrolmentState.OFFERED


# --- Unlinking ----------------------------------------------------------------------------


def test_a_device_is_revoked_once_and_its_row_stays(alice: Linked) -> None:
    link_device(alice.user, "Laptop")
    assert enrolment.revoke(alice.row, visitor=VISITOR, by="the person")
    assert not enrolment.revoke(alice.row, visitor=VISITOR, by="the person")
    assert state_of(alice.row) == DeviceState.REVOKED
    assert alice.row.revoked_at is not None
    event = SecurityEvent.objects.get(kind=EventKind.DEVICE_REMOVED)
    assert (event.device_name, event.detail) == ("Pixel 8", "the person")


def test_d43_a_device_that_is_not_the_last_may_leave(alice: Linked) -> None:
    _, laptop = link_device(alice.user, "Laptop")
    enrolment.unlink_itself(laptop, visitor=VISITOR)
    assert state_of(laptop) == DeviceState.REVOKED


def test_d43_the_last_device_may_not_leave_by_itself(alice: Linked) -> None:
    with pytest.raises(LastFactor):
        enrolment.unlink_itself(alice.row, visitor=VISITOR)
    assert state_of(alice.row) == DeviceState.ACTIVE


def test_a_device_that_waits_for_yes_does_not_count_as_another(alice: Linked) -> None:
    claim_link(alice.user, SoftwareDevice())
    with pytest.raises(LastFactor):
        enrolment.unlink_itself(alice.row, visitor=VISITOR)


def test_d99_a_new_name_is_clean_in_the_record_too(alice: Linked) -> None:
    enrolment.rename(alice.row, "\u202eevil\ud800" + "x" * 300, visitor=VISITOR)
    alice.row.refresh_from_db()
    event = SecurityEvent.objects.get(kind=EventKind.DEVICE_RENAMED)
    assert alice.row.name == event.device_name == "evil " + "x" * 35


# --- Who is told --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_d40_linking_and_removing_a_device_is_mailed(alice: Linked) -> None:
    _, laptop = link_device(alice.user, "Laptop")
    enrolment.revoke(laptop, visitor=VISITOR, by="the person")
    linked, removed = mail.outbox
    assert linked.subject == "A device was linked to your account at localhost:8000"
    assert removed.subject == "A device was removed from your account at localhost:8000"
    for message in (linked, removed):
        assert message.to == ["alice@example.org"]
        assert "Laptop" in message.body
        assert f"{settings.KAUTH_ORIGIN}/not-me/" in message.body


def test_the_first_device_brings_backup_codes_and_the_second_none(alice: Linked) -> None:
    made_at = BackupCodeSet.objects.get().pk
    codes = backup_codes.readable(alice.user)
    _, laptop = link_device(alice.user, "Laptop")
    assert BackupCodeSet.objects.get().pk == made_at
    assert backup_codes.readable(alice.user) == codes
    assert alice.row.enrolment.switched_on
    assert not laptop.enrolment.switched_on


# --- One statement a step (D-18) ----------------------------------------------------------


def test_d18_each_step_is_one_conditional_update(alice: Linked) -> None:
    with captured() as said:
        made, row = claim_link(alice.user, SoftwareDevice())
    (taking, *_) = said('UPDATE "devices_enrolment"')
    assert "'offered'" in taking
    assert '"expires_at" >' in taking
    with captured() as said:
        enrolment.confirm(made.pk, user=alice.user, visitor=VISITOR)
    (taking, *_) = said('UPDATE "devices_enrolment"')
    assert "'claimed'" in taking
    assert '"expires_at" >' in taking
    with captured() as said:
        enrolment.revoke(row, visitor=VISITOR, by="a test")
    (taking,) = said('UPDATE "devices_device"')
    assert "'pending', 'active'" in taking


def test_d18_ending_offers_needs_no_subselect(alice: Linked) -> None:
    made, _ = claim_link(alice.user, SoftwareDevice())
    other, _ = claim_link(alice.user, SoftwareDevice())
    Enrolment.objects.filter(pk=other.pk).update(expires_at=Now() - timedelta(seconds=1))
    with captured() as said:
        enrolment.refuse(made.pk, user=alice.user, visitor=VISITOR)
        enrolment.end_overdue(10)
    assert len(said('UPDATE "devices_enrolment"')) == 2
