"""A device that was linked after a recovery is new for a day: it signs in, and changes nothing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import EventKind, SecurityEvent, User
from devices.models import Device, Enrolment
from tests.linked import Linked
from tests.pages import MANAGER, is_signed_in, two_factor_browser
from tests.people import PASSWORD, VISITOR
from tests.recovering import helped_browser, links_in
from twofactor import backup_codes, methods
from twofactor.models import BackupCodeSet, HelpDeskCode

pytestmark = pytest.mark.django_db


def day_later() -> None:
    """The day is over: what was new is so no more."""
    past = timezone.now() - timedelta(seconds=1)
    Device.objects.exclude(new_until=None).update(new_until=past)
    BackupCodeSet.objects.exclude(new_until=None).update(new_until=past)


def changing(alice: Linked) -> list[str]:
    return [
        "/2fa/add/",
        "/2fa/add/kauth/",
        "/2fa/add/otp/",
        "/app/authorize",
        f"/2fa/devices/{alice.row.public_id}/",
        f"/2fa/devices/{alice.row.public_id}/remove/",
        "/2fa/backup-codes/",
        "/2fa/backup-codes/download/",
        "/password/change/",
    ]


@pytest.fixture
def desk(alice: Linked) -> Client:
    """The browser in which Alice has just linked a new phone, by the help desk's code."""
    desk = helped_browser(alice.user)
    links_in(desk)
    return desk


def test_it_is_new_for_a_day_and_so_is_what_it_opened(alice: Linked, desk: Client) -> None:
    device = Device.objects.get(name="New phone")
    assert device.new_until is not None
    assert timedelta(hours=23) < device.new_until - timezone.now() <= timedelta(hours=24)
    assert is_signed_in(desk)
    for path in changing(alice):
        assert desk.get(path).status_code == desk.post(path).status_code == 403, path
    assert alice.row in Device.objects.of(alice.user).active()
    refused = SecurityEvent.objects.filter(kind=EventKind.CHANGE_REFUSED, user=alice.user)
    assert sum(refused.values_list("times", flat=True)) == 2 * len(changing(alice))


def test_a_sign_in_by_it_changes_nothing_either(alice: Linked, desk: Client) -> None:
    visitor = two_factor_browser(alice.user, means=Device.objects.get(name="New phone"))
    assert is_signed_in(visitor)
    assert visitor.get("/2fa/add/").status_code == 403


def test_an_older_device_changes_what_it_always_could(alice: Linked, desk: Client) -> None:
    visitor = two_factor_browser(alice.user)
    for path in changing(alice)[:-2]:
        assert visitor.get(path).status_code == 200, path


def test_after_a_day_it_is_a_device_like_others(alice: Linked, desk: Client) -> None:
    day_later()
    assert desk.get("/2fa/add/").status_code == 200
    assert "New:" not in desk.get(MANAGER).content.decode()


def test_the_page_says_until_when_and_leads_to_another_method(desk: Client) -> None:
    page = desk.get("/2fa/add/").content.decode()
    assert "New phone" in page
    assert 'href="/login/again/?next=%2F2fa%2Fadd%2F"' in page


def test_the_manager_shows_that_it_is_new(alice: Linked, desk: Client) -> None:
    assert "New: linked after a recovery" in desk.get(MANAGER).content.decode()
    page = two_factor_browser(alice.user).get("/2fa/").content.decode()
    veto = f"/2fa/devices/{Device.objects.get(name='New phone').public_id}/veto/"
    assert veto in page
    assert veto not in desk.get("/2fa/").content.decode()


def test_a_device_that_is_linked_in_the_ordinary_way_is_not_new(alice: Linked) -> None:
    desk = two_factor_browser(alice.user)
    _, laptop = links_in(desk, "Laptop")
    assert laptop.new_until is None
    assert desk.get("/2fa/add/").status_code == 200


def test_a_device_that_a_backup_code_linked_is_new_and_the_code_is_not(alice: Linked) -> None:
    desk = two_factor_browser(alice.user, means=BackupCodeSet.objects.get(user=alice.user))
    _, phone = links_in(desk)
    assert phone.is_new
    assert desk.post(f"/2fa/devices/{alice.row.public_id}/remove/").status_code == 302
    assert two_factor_browser(alice.user, means=phone).get("/2fa/add/").status_code == 403


def test_after_a_reset_its_own_backup_codes_are_shown_and_are_as_new(alice: Linked) -> None:
    methods.reset(alice.user, by="a test")
    user = User.objects.get(pk=alice.user.pk)
    desk = two_factor_browser(user, means=HelpDeskCode.objects.get(user=user))
    links_in(desk)
    codes = backup_codes.readable(user) or []
    assert codes[0] in desk.get("/2fa/backup-codes/").content.decode()
    assert desk.post("/2fa/backup-codes/", {"action": "new"}).status_code == 403
    code_set = backup_codes.redeem(user=user, code=codes[0], visitor=VISITOR)
    visitor = two_factor_browser(User.objects.get(pk=user.pk), means=code_set)
    assert visitor.get("/2fa/add/").status_code == 403
    day_later()
    assert visitor.get("/2fa/add/").status_code == 200


def test_codes_that_are_made_anew_by_an_older_device_are_not_new(alice: Linked) -> None:
    BackupCodeSet.objects.update(new_until=timezone.now() + timedelta(hours=1))
    backup_codes.generate(alice.user, visitor=VISITOR)
    assert not backup_codes.are_new(alice.user)


def test_a_password_that_must_be_changed_can_be(alice: Linked, desk: Client) -> None:
    User.objects.filter(pk=alice.user.pk).update(must_change_password=True)
    assert desk.get("/2fa/add/").headers["Location"] == "/password/change/"
    new = {"old_password": PASSWORD, "new_password1": (word := "a new sentence")}
    assert desk.post("/password/change/", new | {"new_password2": word}).status_code == 302


def test_the_new_device_may_sign_out_other_browsers(alice: Linked, desk: Client) -> None:
    other = two_factor_browser(alice.user)
    desk.post("/manager/sessions/", {"all": "1"})
    assert not is_signed_in(other)
    assert is_signed_in(desk)


def test_the_phone_itself_is_new_when_it_was_authorized_there(alice: Linked) -> None:
    helped_browser(alice.user).post("/app/authorize")
    assert Enrolment.objects.get(here=True).recovered_in is not None


def test_an_administrator_with_a_new_device_looks_and_changes_nothing(
    alice: Linked, desk: Client
) -> None:
    """Else the admin were a way to revoke the older device before it can turn this one away."""
    User.objects.filter(pk=alice.user.pk).update(is_staff=True, is_superuser=True)
    page = "/admin/devices/device/"
    revoke = {"action": "revoke", "_selected_action": alice.row.pk, "reason": "lost"}
    assert desk.get(page).status_code == 200
    assert desk.post(page, revoke).status_code == 403
    assert alice.row in Device.objects.of(alice.user).active()
    assert two_factor_browser(alice.user).post(page, revoke).status_code != 403
