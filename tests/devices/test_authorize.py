"""Linking from the phone itself: log in there, "Authorize", and no session stays behind (K2)."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import EventKind, KnownBrowser, SecurityEvent, User
from devices.models import Device
from tests.calls import call, refusal, send
from tests.linked import Linked
from tests.pages import (
    browser,
    is_signed_in,
    log_in,
    session_key,
    sign_in,
    two_factor_browser,
    with_session,
)
from tests.people import link_device, make_user
from tests.software_device import SoftwareDevice

pytestmark = pytest.mark.django_db

AUTHORIZE = "/app/authorize"


@pytest.fixture
def browser_of_phone(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


def press(visitor: Client) -> Any:
    return visitor.post(AUTHORIZE)


def claim(visitor: Client) -> tuple[SoftwareDevice, Any]:
    """What the page's script does after "Authorize"."""
    told = press(visitor).json()
    phone = SoftwareDevice("This phone", "android-web")
    body = phone.claim_body(told["link"])
    return phone, send("POST", "/device/v1/links", body, visitor=visitor)


def test_the_page_names_the_account_and_asks(browser_of_phone: Client) -> None:
    page = browser_of_phone.get(AUTHORIZE).content.decode()
    assert "alice@example.org" in page
    assert ">Authorize</button>" in page
    assert not Device.objects.filter(name="This phone").exists()


def test_it_waits_for_its_script_which_alone_can_use_the_answer(browser_of_phone: Client) -> None:
    page = browser_of_phone.get(AUTHORIZE).content.decode()
    assert " disabled>Authorize</button>" in page


def test_the_phone_is_linked_at_once_and_its_session_is_over(browser_of_phone: Client) -> None:
    key = session_key(browser_of_phone)
    _, answer = claim(browser_of_phone)
    assert answer.json()["state"] == "active"
    assert not is_signed_in(browser_of_phone)
    assert not is_signed_in(with_session(key))
    assert SecurityEvent.objects.filter(kind=EventKind.SIGNED_OUT).count() == 1


def test_other_sessions_of_the_account_stay(alice: Linked, browser_of_phone: Client) -> None:
    elsewhere = two_factor_browser(alice.user)
    claim(browser_of_phone)
    assert is_signed_in(elsewhere)


def test_the_first_phone_gets_the_backup_codes_without_a_session() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    phone, answer = claim(visitor)
    phone.accept_claim(answer.json())
    assert not is_signed_in(visitor)
    given = call(phone, "POST", "/device/v1/provision").json()
    assert len(given["backup_codes"]) == 10


def test_the_browser_that_linked_is_a_known_one() -> None:
    user = make_user()
    visitor = browser()
    sign_in(visitor)
    claim(visitor)
    assert KnownBrowser.objects.filter(user=user).count() == 1
    assert any(name.startswith("browser-") for name in visitor.cookies)


def test_a_claim_that_fails_leaves_the_person_signed_in(browser_of_phone: Client) -> None:
    told = press(browser_of_phone).json()
    body = SoftwareDevice().claim_body(told["link"]) | {"name": "Another name than was signed"}
    response = send("POST", "/device/v1/links", body, visitor=browser_of_phone)
    assert refusal(response) == (401, "unauthenticated")
    assert is_signed_in(browser_of_phone)


def test_a_full_account_is_told_before_anything_is_claimed(
    alice: Linked, browser_of_phone: Client
) -> None:
    for number in range(settings.KAUTH_DEVICES_PER_ACCOUNT - 1):
        link_device(alice.user, f"Phone {number}")
    response = press(browser_of_phone)
    assert response.status_code == 409
    assert "Remove one first" in response.json()["detail"]


def test_d33_a_login_of_more_than_five_minutes_ago_is_confirmed_first(
    browser_of_phone: Client,
) -> None:
    session = browser_of_phone.session
    session["reauthenticated_at"] -= 301
    session.save()
    for response in (browser_of_phone.get(AUTHORIZE), press(browser_of_phone)):
        assert response["Location"] == "/login/again/?next=%2Fapp%2Fauthorize"


def test_d41_with_a_second_factor_the_password_alone_links_nothing(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    for response in (visitor.get(AUTHORIZE), press(visitor)):
        assert response["Location"] == "/login/?next=/app/authorize"
    assert Device.objects.count() == 1


def test_d41_a_session_of_one_factor_confirms_the_second_one_first(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    session = visitor.session
    del session["otp_device_id"]
    session.save()
    for response in (visitor.get(AUTHORIZE), press(visitor)):
        assert response["Location"].startswith("/login/again/")
    assert Device.objects.count() == 1


def test_a_person_who_must_change_the_password_does_that_first(
    alice: Linked, browser_of_phone: Client
) -> None:
    User.objects.filter(pk=alice.user.pk).update(must_change_password=True)
    assert browser_of_phone.get(AUTHORIZE)["Location"] == "/password/change/"


def test_d102_logging_out_clears_nothing_that_the_app_keeps(browser_of_phone: Client) -> None:
    response = browser_of_phone.post("/logout/")
    assert response.status_code == 302
    assert response.get("Clear-Site-Data", '"cache"') == '"cache"'
