"""What a recovery adds beside linked devices: new for a day, and turned away like a device."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from accounts.models import EventKind, SecurityEvent, User
from devices.models import Device, DeviceState
from tests.calls import call, refusal
from tests.groups import put_under
from tests.linked import Linked
from tests.otp import code_of
from tests.pages import browser, is_signed_in, two_factor_browser
from tests.people import VISITOR
from tests.recovering import links_in
from tests.software_key import SoftwareKey
from twofactor import backup_codes, methods, otp_apps, recoveries
from twofactor.method_models import OtpApp, SecurityKey
from twofactor.models import BackupCodeSet, HelpDeskCode

pytestmark = pytest.mark.django_db

VETO = "/device/v1/veto"


@pytest.fixture
def phone(alice: Linked) -> Linked:
    """Alice's phone, after it has fetched its secrets: the older device."""
    call(alice.phone, "POST", "/device/v1/provisioned")
    return alice


@pytest.fixture
def desk(phone: Linked) -> Client:
    """A browser that one of Alice's backup codes let in."""
    return two_factor_browser(phone.user, means=BackupCodeSet.objects.get(user=phone.user))


def adds_app(desk: Client) -> OtpApp:
    desk.get("/2fa/add/otp/")
    desk.post("/2fa/add/otp/", {"code": code_of(OtpApp.objects.get(confirmed=False))})
    return OtpApp.objects.get(confirmed=True)


def adds_key(desk: Client) -> SecurityKey:
    made = SoftwareKey().make(str(desk.get("/2fa/add/key/").context["options"]))
    desk.post("/2fa/add/key/", {"answer": made, "name": "Token"})
    return SecurityKey.objects.get()


def told(person: Linked) -> list[dict[str, Any]]:
    found = call(person.phone, "GET", "/device/v1/requests").json()["notices"]
    return [notice for notice in found if notice["kind"] == "device_recovered"]


def veto(person: Linked) -> Any:
    return call(person.phone, "POST", VETO, {"notice": told(person)[0]["notice"]})


def names(person: Linked) -> list[str]:
    found = methods.overview(User.objects.get(pk=person.user.pk)).methods
    return [method.name for method in found]


@pytest.mark.parametrize("adds", [adds_app, adds_key])
def test_d40_an_older_device_turns_away_a_method_with_one_tap(
    phone: Linked, desk: Client, adds: Any
) -> None:
    method = adds(desk)
    opened = two_factor_browser(phone.user, means=method)
    (notice,) = told(phone)
    assert f"“{method.name}” was added after a recovery" in notice["text"]
    assert veto(phone).status_code == 204
    assert names(phone) == ["Pixel 8"]
    assert not is_signed_in(desk)
    assert not is_signed_in(opened)
    vetoed = SecurityEvent.objects.get(kind=EventKind.METHOD_VETOED)
    assert (vetoed.device_name, vetoed.detail) == (method.name, "“Pixel 8”")


def test_d40_what_is_under_way_when_the_veto_comes_adds_nothing(
    phone: Linked, desk: Client
) -> None:
    adds_key(desk)
    desk.get("/2fa/add/otp/")
    app = OtpApp.objects.get(confirmed=False)
    session = SecurityKey.objects.get().recovered_in
    veto(phone)
    with pytest.raises(SessionInterrupted):
        otp_apps.confirm(app, code=code_of(app), visitor=VISITOR, recovered_in=session)
    with pytest.raises(SessionInterrupted):
        backup_codes.generate(phone.user, visitor=VISITOR, recovered_in=session)
    assert names(phone) == ["Pixel 8"]


@pytest.mark.parametrize("adds", [adds_app, adds_key])
def test_a_sign_in_by_it_changes_nothing(phone: Linked, desk: Client, adds: Any) -> None:
    opened = two_factor_browser(phone.user, means=adds(desk))
    assert is_signed_in(opened)
    for path in ("/2fa/add/", "/password/change/", f"/2fa/devices/{phone.row.public_id}/remove/"):
        assert opened.post(path).status_code == 403


def test_a_veto_removes_all_that_the_same_recovery_added(phone: Linked, desk: Client) -> None:
    adds_app(desk)
    adds_key(desk)
    links_in(desk)
    desk.post("/2fa/backup-codes/", {"action": "new"})
    assert veto(phone).status_code == 204
    assert names(phone) == ["Pixel 8"]
    assert Device.objects.get(name="New phone").state == DeviceState.REVOKED
    assert backup_codes.left(phone.user) == 0, "they were read by who made them"
    assert told(phone) == []


def test_a_veto_leaves_what_another_session_added(phone: Linked, desk: Client) -> None:
    links_in(two_factor_browser(phone.user), "Laptop")
    adds_app(desk)
    desk = two_factor_browser(phone.user)
    adds_key(desk)
    assert veto(phone).status_code == 204
    assert sorted(names(phone)) == ["Laptop", "Pixel 8", "Token"]
    assert backup_codes.left(phone.user) == 10
    assert is_signed_in(desk)


def test_after_a_day_it_stays(phone: Linked, desk: Client) -> None:
    adds_app(desk)
    OtpApp.objects.update(new_until=timezone.now() - timedelta(seconds=1))
    assert refusal(veto(phone)) == (410, "expired")
    assert "OTP app" in names(phone)


def test_removing_it_by_hand_takes_its_notice_back(phone: Linked, desk: Client) -> None:
    app = adds_app(desk)
    two_factor_browser(phone.user).post(f"/2fa/otp/{app.public_id}/remove/")
    assert told(phone) == []


def test_a_method_that_is_added_in_the_ordinary_way_is_not_new(phone: Linked) -> None:
    app = adds_app(two_factor_browser(phone.user))
    assert app.new_until is None
    assert told(phone) == []


def test_a_session_of_another_method_turns_it_away(phone: Linked, desk: Client) -> None:
    app = adds_app(desk)
    page = f"/2fa/otp/{app.public_id}/veto/"
    assert "New: added after a recovery" in desk.get("/2fa/").content.decode()
    here = two_factor_browser(phone.user)
    assert page in here.get("/2fa/").content.decode()
    assert "It was not me" in here.get(page).content.decode()
    here.post(page)
    assert names(phone) == ["Pixel 8"]
    assert is_signed_in(here)
    assert "Nothing to remove" in here.post(page).content.decode()


def test_what_is_new_turns_nothing_away(phone: Linked, desk: Client) -> None:
    app = adds_app(desk)
    opened = two_factor_browser(phone.user, means=adds_key(desk))
    assert opened.post(f"/2fa/otp/{app.public_id}/veto/").status_code == 403
    assert "OTP app" in names(phone)


def test_the_mailed_link_takes_it_away_with_the_rest(
    phone: Linked, desk: Client, mailoutbox: list[EmailMessage], request: Any
) -> None:
    adds_key(desk)
    with request.getfixturevalue("django_capture_on_commit_callbacks")(execute=True):
        adds_app(desk)
    (mail,) = [mail for mail in mailoutbox if "added after a recovery" in mail.subject]
    link = str(mail.body).split("http://localhost:8000")[-1].strip()
    browser().post(link)
    assert names(phone) == ["Pixel 8"]


def test_d43_without_another_method_the_account_must_enrol_again(alice: Linked) -> None:
    put_under(alice.user, allow_kauth=False, allow_otp=False)
    methods.reset(alice.user, by="a test")
    user = User.objects.get(pk=alice.user.pk)
    desk = two_factor_browser(user, means=HelpDeskCode.objects.get(user=user))
    recoveries.turn_away(adds_key(desk), visitor=VISITOR, by="a test")
    user.refresh_from_db()
    assert user.must_enrol
    assert not is_signed_in(desk)
    assert backup_codes.left(user) == 0, "the codes that it brought are known to it"
