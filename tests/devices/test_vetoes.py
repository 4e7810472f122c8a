"""Turning away a device that was linked after a recovery: by mail, by an older device, by hand."""

import re
from typing import Any

import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from accounts.models import EventKind, KnownBrowser, SecurityEvent, SignIn, User
from devices import enrolment, vetoes
from devices.exceptions import Expired
from devices.models import Device, DeviceState
from tests.calls import call, refusal, send
from tests.linked import Linked
from tests.otp import code_of
from tests.pages import browser, is_signed_in, log_in, two_factor_browser
from tests.people import VISITOR
from tests.recovering import LINK, helped_browser, links_in
from tests.software_device import SoftwareDevice
from twofactor import backup_codes, methods
from twofactor.models import BackupCodeSet, HelpDeskCode

pytestmark = pytest.mark.django_db

REQUESTS = "/device/v1/requests"
VETO = "/device/v1/veto"
MAILED = re.compile(r"http://localhost:8000(/2fa/veto/[\w-]{43}/)")


@pytest.fixture
def phone(alice: Linked) -> Linked:
    """Alice's phone, after it has fetched its secrets: the older device."""
    call(alice.phone, "POST", "/device/v1/provisioned")
    return alice


@pytest.fixture
def stranger(phone: Linked) -> Client:
    """A browser that the help desk let in, and in which a new phone was linked."""
    desk = helped_browser(phone.user)
    links_in(desk)
    return desk


def state_of(name: str) -> str:
    return Device.objects.get(name=name).state


def told(person: Linked) -> list[dict[str, Any]]:
    found = call(person.phone, "GET", REQUESTS).json()["notices"]
    return [notice for notice in found if notice["kind"] == "device_recovered"]


def veto(person: Linked, notice: str) -> Any:
    return call(person.phone, "POST", VETO, {"notice": notice})


@pytest.fixture
def mailed(phone: Linked, mailoutbox: list[EmailMessage], request: Any) -> str:
    """The path of the link in the mail that told of the new device."""
    with request.getfixturevalue("django_capture_on_commit_callbacks")(execute=True):
        links_in(helped_browser(phone.user))
    (mail,) = [mail for mail in mailoutbox if "linked after a recovery" in mail.subject]
    return MAILED.findall(str(mail.body))[0]


# --- By an older device -------------------------------------------------------------------


def test_d40_an_older_device_turns_it_away_with_one_tap(phone: Linked, stranger: Client) -> None:
    (notice,) = told(phone)
    assert "“New phone” was linked after a recovery" in notice["text"]
    assert veto(phone, notice["notice"]).status_code == 204
    assert state_of("New phone") == DeviceState.REVOKED
    assert state_of("Pixel 8") == DeviceState.ACTIVE
    assert not is_signed_in(stranger)
    vetoed = SecurityEvent.objects.get(kind=EventKind.DEVICE_VETOED)
    assert (vetoed.device_name, vetoed.detail) == ("New phone", "“Pixel 8”")


def test_it_is_turned_away_once(phone: Linked, stranger: Client) -> None:
    (notice,) = told(phone)
    veto(phone, notice["notice"])
    assert refusal(veto(phone, notice["notice"])) == (404, "not_found")
    assert told(phone) == []


def test_after_a_day_it_is_removed_in_the_2fa_section_only(phone: Linked, stranger: Client) -> None:
    (notice,) = told(phone)
    Device.objects.filter(name="New phone").update(new_until=timezone.now())
    assert refusal(veto(phone, notice["notice"])) == (410, "expired")
    assert state_of("New phone") == DeviceState.ACTIVE


def test_d40_a_link_that_is_being_confirmed_when_the_veto_comes_is_not_linked(
    phone: Linked,
) -> None:
    stranger = two_factor_browser(phone.user, means=BackupCodeSet.objects.get(user=phone.user))
    links_in(stranger)
    address = stranger.post(LINK, {"action": "next"}).context["link"]
    another = SoftwareDevice("Another")
    another.accept_claim(send("POST", "/device/v1/links", another.claim_body(address)).json())
    offer = Device.objects.get(name="Another").enrolment
    veto(phone, told(phone)[0]["notice"])
    with pytest.raises(SessionInterrupted):
        enrolment.confirm(offer.pk, user=phone.user, visitor=VISITOR)
    assert state_of("Another") == DeviceState.PENDING


def test_a_notice_of_another_account_turns_nothing_away(
    phone: Linked, bob: Linked, stranger: Client
) -> None:
    (notice,) = told(phone)
    assert refusal(veto(bob, notice["notice"])) == (404, "not_found")
    assert state_of("New phone") == DeviceState.ACTIVE


def test_other_news_turn_nothing_away(phone: Linked) -> None:
    links_in(two_factor_browser(phone.user), "Laptop")
    (notice,) = call(phone.phone, "GET", REQUESTS).json()["notices"]
    assert notice["kind"] == "device_linked"
    assert refusal(veto(phone, notice["notice"])) == (404, "not_found")


def test_a_new_device_turns_no_other_away(phone: Linked) -> None:
    """It may be the stranger's, and the other one the owner's."""
    first, _ = links_in(helped_browser(phone.user), "First")
    call(first, "POST", "/device/v1/provisioned")
    links_in(helped_browser(phone.user), "Second")
    kinds = [notice["kind"] for notice in call(first, "GET", REQUESTS).json()["notices"]]
    assert "device_linked" in kinds
    assert "device_recovered" not in kinds


# --- By the mail --------------------------------------------------------------------------


def test_d40_the_mailed_link_turns_it_away_without_a_login(phone: Linked, mailed: str) -> None:
    page = browser().get(mailed)
    assert "New phone" in page.content.decode()
    assert state_of("New phone") == DeviceState.ACTIVE, "to look changes nothing"
    assert "is removed" in browser().post(mailed).content.decode()
    assert state_of("New phone") == DeviceState.REVOKED
    assert state_of("Pixel 8") == DeviceState.ACTIVE
    assert backup_codes.left(phone.user) == 10


def test_the_link_works_once_and_its_token_is_kept_nowhere(phone: Linked, mailed: str) -> None:
    token = mailed.split("/")[3]
    assert token not in str(Device.objects.values().get(name="New phone"))
    browser().post(mailed)
    for _ in range(3):
        assert "Nothing to remove" in browser().post(mailed).content.decode()
    refused = SecurityEvent.objects.filter(kind=EventKind.VETO_REFUSED)
    assert sum(refused.values_list("times", flat=True)) == 3


@pytest.mark.parametrize("spoiled", ["a" * 43, "~", "x" * 400])
def test_another_token_turns_nothing_away(mailed: str, spoiled: str) -> None:
    path = mailed.replace(mailed.split("/")[3], spoiled)
    assert "Nothing to remove" in browser().post(path).content.decode()
    assert state_of("New phone") == DeviceState.ACTIVE


def test_after_a_day_the_link_is_over(mailed: str) -> None:
    Device.objects.filter(name="New phone").update(new_until=timezone.now())
    assert "Nothing to remove" in browser().post(mailed).content.decode()
    assert state_of("New phone") == DeviceState.ACTIVE


def test_d101_it_needs_the_token_against_forgery(mailed: str) -> None:
    assert browser(enforce_csrf_checks=True).post(mailed).status_code == 403
    assert state_of("New phone") == DeviceState.ACTIVE


# --- By hand ------------------------------------------------------------------------------


def in_session(person: Linked) -> str:
    return f"/2fa/devices/{Device.objects.get(name='New phone').public_id}/veto/"


def test_a_session_of_another_method_turns_it_away(phone: Linked, stranger: Client) -> None:
    desk = two_factor_browser(phone.user)
    page = in_session(phone)
    assert "It was not me" in desk.get(page).content.decode()
    desk.post(page)
    assert state_of("New phone") == DeviceState.REVOKED
    assert is_signed_in(desk)
    assert not is_signed_in(stranger)


def test_the_new_device_does_not_turn_itself_or_others_away(
    phone: Linked, stranger: Client
) -> None:
    assert stranger.post(in_session(phone)).status_code == 403
    assert state_of("New phone") == DeviceState.ACTIVE


def test_an_account_turns_away_its_own_only(phone: Linked, bob: Linked, stranger: Client) -> None:
    desk = two_factor_browser(bob.user)
    assert "Nothing to remove" in desk.post(in_session(phone)).content.decode()
    assert state_of("New phone") == DeviceState.ACTIVE


# --- What is left -------------------------------------------------------------------------


def test_the_browser_that_linked_it_by_a_backup_code_is_signed_out_too(phone: Linked) -> None:
    desk = two_factor_browser(phone.user, means=BackupCodeSet.objects.get(user=phone.user))
    _, new = links_in(desk)
    opened = two_factor_browser(phone.user, means=new)
    kept = two_factor_browser(phone.user)
    vetoes.in_session(new, visitor=VISITOR)
    assert not is_signed_in(desk)
    assert not is_signed_in(opened)
    assert is_signed_in(kept)
    assert SignIn.objects.filter(user=phone.user).count() == 1


def known_to(user: User) -> list[str]:
    return sorted(str(one.address) for one in user.known_browsers.all())


def test_the_browsers_that_it_made_known_are_forgotten(phone: Linked) -> None:
    """That in which it was linked, and each that it opened; those of before stay known."""
    user = phone.user
    KnownBrowser.objects.create(user=user, address="198.51.100.7")
    codes = BackupCodeSet.objects.get(user=user)
    desk = two_factor_browser(user, means=codes, address="198.51.100.8")
    _, new = links_in(desk)
    opened = browser(address="198.51.100.9")
    log_in(opened)
    opened.post("/login/verify/code/", {"code": code_of(new)})
    opened.post("/logout/")
    assert known_to(user) == ["198.51.100.7", "198.51.100.8", "198.51.100.9"]
    vetoes.in_session(new, visitor=VISITOR)
    assert known_to(user) == ["198.51.100.7"]


def test_d43_without_another_device_the_account_must_enrol_again(alice: Linked) -> None:
    methods.reset(alice.user, by="a test")
    user = User.objects.get(pk=alice.user.pk)
    desk = two_factor_browser(user, means=HelpDeskCode.objects.get(user=user))
    _, new = links_in(desk)
    vetoes.in_session(new, visitor=VISITOR)
    user.refresh_from_db()
    assert user.must_enrol
    assert not is_signed_in(desk)
    assert backup_codes.left(user) == 0, "the codes that it brought are known to it"


def test_a_device_that_is_not_new_is_never_turned_away(alice: Linked) -> None:
    with pytest.raises(Expired):
        vetoes.in_session(alice.row, visitor=VISITOR)
    assert state_of("Pixel 8") == DeviceState.ACTIVE


def test_removing_it_by_hand_takes_its_notice_back(phone: Linked, stranger: Client) -> None:
    new = Device.objects.get(name="New phone")
    enrolment.revoke(new, visitor=VISITOR, by="administrator root@example.org")
    assert told(phone) == []
