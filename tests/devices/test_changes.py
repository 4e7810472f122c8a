"""The other devices of an account are told of each change of its protection (D-40, D-55)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import addresses, lockdown, notices, passwords
from accounts.models import EventKind
from devices import changes, enrolment, push_subscriptions
from devices.models import Device, Notice
from tests.calls import call
from tests.linked import Linked
from tests.people import VISITOR, link_device
from tests.services.push_service import PushService
from twofactor import backup_codes

pytestmark = pytest.mark.django_db

REQUESTS = "/device/v1/requests"


@pytest.fixture
def phone(alice: Linked) -> Linked:
    """Alice's phone, after it has fetched its secrets."""
    assert call(alice.phone, "POST", "/device/v1/provisioned").status_code == 204
    return alice


def told(person: Linked) -> list[tuple[str, str]]:
    found = call(person.phone, "GET", REQUESTS).json()["notices"]
    assert all(notice["t"] == "notice" for notice in found)
    return [(notice["kind"], notice["text"]) for notice in found]


def test_d40_a_linked_device_is_told_to_the_others(phone: Linked) -> None:
    link_device(phone.user, "Laptop")
    assert told(phone) == [("device_linked", "“Laptop” was linked to your account.")]


def test_d40_a_removed_device_is_told_to_the_others(phone: Linked) -> None:
    _, laptop = link_device(phone.user, "Laptop")
    enrolment.revoke(laptop, visitor=VISITOR, by=enrolment.BY_PERSON)
    assert told(phone)[1:] == [("device_removed", "“Laptop” was removed from your account.")]


def test_d40_new_backup_codes_are_told(phone: Linked) -> None:
    backup_codes.generate(phone.user, visitor=VISITOR)
    assert [kind for kind, _ in told(phone)] == ["backup_codes_made"]


def test_d55_a_used_backup_code_is_told(phone: Linked) -> None:
    (code, *_) = backup_codes.readable(phone.user) or []
    backup_codes.redeem(user=phone.user, code=code, visitor=VISITOR)
    assert [kind for kind, _ in told(phone)] == ["backup_code_used"]


def test_d40_a_new_password_is_told(phone: Linked) -> None:
    kind = EventKind.PASSWORD_CHANGED
    passwords.change(phone.user, "another horse battery", visitor=VISITOR, kind=kind)
    assert [kind for kind, _ in told(phone)] == ["password_changed"]


def test_d40_a_new_address_and_a_lock_down_are_told(phone: Linked) -> None:
    addresses.ask(phone.user, "new@example.org", visitor=VISITOR)
    lockdown.lock(phone.user, visitor=VISITOR, detail="a test")
    assert [kind for kind, _ in told(phone)] == ["address_asked", "locked"]


def test_a_device_is_not_told_of_its_own_linking_and_the_codes_that_came_with_it(
    alice: Linked,
) -> None:
    assert told(alice) == []
    call(alice.phone, "POST", "/device/v1/provisioned")
    assert told(alice) == []


def test_nobody_elses_devices_are_told(phone: Linked, bob: Linked) -> None:
    Device.objects.update(provisioned_at=timezone.now())
    link_device(bob.user, "Laptop")
    assert told(phone) == []


def test_what_a_person_has_seen_is_told_no_more(phone: Linked) -> None:
    link_device(phone.user, "Laptop")
    (notice,) = call(phone.phone, "GET", REQUESTS).json()["notices"]
    body = {"challenge": notice["notice"]}
    assert call(phone.phone, "POST", "/device/v1/seen", body).status_code == 204
    assert told(phone) == []


def test_another_device_cannot_take_a_notice_away(phone: Linked, bob: Linked) -> None:
    link_device(phone.user, "Laptop")
    (notice,) = call(phone.phone, "GET", REQUESTS).json()["notices"]
    call(bob.phone, "POST", "/device/v1/seen", {"challenge": notice["notice"]})
    assert len(told(phone)) == 1


def test_after_a_day_a_notice_is_no_news_and_goes(phone: Linked) -> None:
    link_device(phone.user, "Laptop")
    Notice.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    assert told(phone) == []
    changes.tell(phone.user, "backup_code_used", "")
    assert Notice.objects.filter(device=phone.row).count() == 1


def test_a_name_is_text_in_a_notice_too(phone: Linked) -> None:
    link_device(phone.user, "100 %(name)s %s <b>")
    assert told(phone)[0][1] == "“100 %(name)s %s <b>” was linked to your account."


def test_d40_an_app_that_is_closed_is_woken(
    phone: Linked,
    push_service: PushService,
    settings: Settings,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.KAUTH_PUSH_TEST_SERVICE = push_service.origin
    push_subscriptions.store(phone.row, push_service.subscription())
    with django_capture_on_commit_callbacks(execute=True):
        notices.send("method_added", phone.user, visitor=VISITOR, device_name="OTP app")
    message = push_service.next_message()
    assert push_service.read(message) == b'{"v":1}'
    assert int(message.headers["ttl"]) <= 3600
