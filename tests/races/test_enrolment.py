"""Linking and unlinking by many at the same moment (D-35, D-43)."""

from functools import partial

import pytest
from django.conf import settings

from accounts.models import EventKind, SecurityEvent, User
from devices import authentication, claims, enrolment, keys, protocol
from devices.exceptions import (
    AlreadyClaimed,
    Expired,
    LastFactor,
    TooManyDevices,
    Unauthenticated,
)
from devices.models import Device, DeviceState, EnrolmentState
from tests.people import ORIGIN, VISITOR, claim_link, link_device, make_user
from tests.races.crowd import Crowd, unless
from tests.software_device import SoftwareDevice
from twofactor import methods
from twofactor.models import BackupCodeSet

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


def test_d35_of_twenty_that_claim_one_link_one_gets_it() -> None:
    offer, token = enrolment.offer(user=make_user(), replaces=None)
    address = protocol.link_address(ORIGIN, token, keys.server_id())
    given = [claim_of(SoftwareDevice(f"Phone {n}").claim_body(address)) for n in range(20)]

    def claim(one: claims.Claim) -> bool:
        take = partial(enrolment.claim, enrolment.find(one.token), one, visitor=VISITOR, here=False)
        return unless(AlreadyClaimed, take)

    with Crowd() as crowd:
        claimed = crowd.at_once([partial(claim, one) for one in given])
    assert claimed.count(True) == 1
    offer.refresh_from_db()
    assert [offer.device] == list(Device.objects.all())


def test_one_offer_is_confirmed_or_refused_and_never_both() -> None:
    user = make_user()
    with Crowd() as crowd:
        for _ in range(5):
            offer, device = claim_link(user, SoftwareDevice())
            confirm = partial(enrolment.confirm, offer.pk, user=user, visitor=VISITOR)
            refuse = partial(enrolment.end, offer.pk, EnrolmentState.REFUSED)
            acts = [partial(unless, Expired, confirm), refuse]
            won = crowd.at_once(acts * (crowd.size // 2))
            assert won.count(True) == 1
            device.refresh_from_db()
            confirmed = any(won[0::2])
            assert device.state == (DeviceState.ACTIVE if confirmed else DeviceState.REVOKED)
            enrolment.revoke(device, visitor=VISITOR, by="the next round")


def test_an_account_never_has_more_devices_than_it_may() -> None:
    user = make_user()
    offers = [claim_link(user, SoftwareDevice(f"Phone {n}"))[0] for n in range(8)]
    confirms = [partial(enrolment.confirm, o.pk, user=user, visitor=VISITOR) for o in offers]
    with Crowd() as crowd:
        linked = crowd.at_once([partial(unless, TooManyDevices, confirm) for confirm in confirms])
    assert linked.count(True) == active(user) == settings.KAUTH_DEVICES_PER_ACCOUNT


def test_two_first_devices_at_once_switch_two_factor_on_once() -> None:
    user = make_user()
    offers = [claim_link(user, SoftwareDevice(name))[0] for name in ("Phone", "Laptop")]
    with Crowd(2) as crowd:
        crowd.at_once(
            [partial(enrolment.confirm, o.pk, user=user, visitor=VISITOR) for o in offers]
        )
    assert events(EventKind.TWO_FACTOR_ON) == 1
    assert BackupCodeSet.objects.get(user=user).codes.count() == 10


def test_d43_two_last_devices_that_unlink_themselves_at_once_leave_one() -> None:
    user = make_user()
    with Crowd(2) as crowd:
        for _ in range(5):
            Device.objects.all().delete()
            linked = [link_device(user, name)[1] for name in ("Phone", "Laptop")]
            leave = [partial(enrolment.unlink_itself, one, visitor=VISITOR) for one in linked]
            left = crowd.at_once([partial(unless, LastFactor, one) for one in leave])
            assert left.count(True) == 1
            assert active(user) == 1
    assert events(EventKind.TWO_FACTOR_OFF) == 0


def test_two_last_devices_that_a_person_removes_at_once_switch_two_factor_off_once() -> None:
    user = make_user()
    linked = [link_device(user, name)[1] for name in ("Phone", "Laptop")]
    with Crowd() as crowd:
        acts = [partial(enrolment.revoke, one, visitor=VISITOR, by="the person") for one in linked]
        removed = crowd.at_once(acts * (crowd.size // 2))
    assert removed.count(True) == 2
    assert not methods.required(User.objects.get())
    assert events(EventKind.TWO_FACTOR_OFF) == 1


def test_a_signed_call_that_changes_something_is_good_once() -> None:
    device, _ = link_device(make_user())
    header = device.authorization("PATCH", "/device/v1/device", b"{}")
    call = partial(
        authentication.caller,
        header=header,
        method="PATCH",
        path="/device/v1/device",
        body=b"{}",
    )
    with Crowd() as crowd:
        passed = crowd.at_once([partial(unless, Unauthenticated, call)] * 20)
    assert passed.count(True) == 1


def claim_of(body: dict[str, str]) -> claims.Claim:
    return claims.Claim(
        token=protocol.unb64(body["token"]),
        key=protocol.unb64(body["key"]),
        name=body["name"],
        platform=body["platform"],
        nonce=protocol.unb64(body["nonce"]),
        signature=protocol.unb64(body["sig"]),
    )


def active(user: User) -> int:
    return int(Device.objects.of(user).active().count())


def events(kind: EventKind) -> int:
    return SecurityEvent.objects.filter(kind=kind).count()
