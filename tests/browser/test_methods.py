"""The methods beside the kAuth app, as a person adds, uses and removes them."""

import base64
import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from devices import one_time_codes
from tests.browser.conftest import NewContext
from tests.browser.gallery import Gallery
from tests.browser.person import Person
from tests.services.server import ServerProcess

# A code works once: without this the tests would wait half a minute for the next one.
FORGET_STEPS = "from twofactor.models import OtpApp; OtpApp.objects.update(otp_last_step=0)"


@pytest.fixture
def gallery() -> Gallery:
    return Gallery()


class OtpApp:
    """An app on the phone, into which the person has typed what the page shows."""

    def __init__(self, secret: str) -> None:
        self._secret = base64.b32decode(secret.replace(" ", ""))

    def code(self) -> str:
        return one_time_codes.at(self._secret, one_time_codes.steps(time.time())[0])


def adds_otp_app(person: Person) -> OtpApp:
    person.open("/2fa/add/")
    person.follow("OTP app")
    app = OtpApp(person.page.locator("#secret").inner_text())
    types(person, app.code())
    person.is_at("/2fa/backup-codes/")
    return app


def types(person: Person, code: str) -> None:
    person.page.get_by_label("Six-digit code").fill(code)
    person.press("Continue")


def test_an_otp_app_is_the_only_method(
    person: Person, server: ServerProcess, gallery: Gallery
) -> None:
    person.signs_up()
    app = adds_otp_app(person)
    person.press("I have saved them")
    person.reads("On, with 1 OTP app and 10 backup codes")
    gallery.show_ours(person.page, "two-factor-otp")
    person.signs_out()
    assert server.manage("shell", "--no-imports", "-c", FORGET_STEPS).returncode == 0
    person.open("/login/")
    person.passes_the_password_to("/login/verify/code/")
    person.reads("Open your OTP app")
    gallery.show_ours(person.page, "code-otp-only")
    types(person, app.code())
    person.is_at("/manager/")


def test_pages_of_an_otp_app(member: Person, gallery: Gallery) -> None:
    page = member.page
    member.open("/2fa/add/")
    gallery.show_ours(page, "add")
    member.follow("OTP app")
    gallery.show_ours(page, "otp-add")
    types(member, "000000")
    member.reads("This code does not fit")
    gallery.show_ours(page, "otp-add-refused")
    adds_otp_app(member)
    member.open("/2fa/")
    member.follow("OTP app")
    gallery.show_ours(page, "method")
    page.get_by_label("Name").fill("Aegis")
    member.press("Rename")
    member.reads("The name is changed")
    member.follow("Remove")
    gallery.show_ours(page, "remove-method")
    member.press("Remove")
    member.is_at("/2fa/")
    member.reads("“Aegis” is removed")
    expect(page.get_by_role("main").get_by_role("link", name=re.compile("Aegis"))).to_have_count(0)


# --- Security keys ------------------------------------------------------------------------


class VirtualKey:
    """A security key of Chromium's own make, plugged into the browser of `page`."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable")
        kind = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": True}
        verified = {"hasUserVerification": True, "isUserVerified": True}
        options = {**kind, **verified, "automaticPresenceSimulation": True}
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._cdp.send("WebAuthn.getCredentials", self._id)[
            "credentials"
        ]
        return found

    def forgets_all(self) -> None:
        self._cdp.send("WebAuthn.clearCredentials", self._id)

    def is_unplugged(self) -> None:
        self._cdp.send("WebAuthn.removeVirtualAuthenticator", self._id)


def adds_key(person: Person, name: str = "") -> None:
    person.open("/2fa/add/")
    person.follow("Security key")
    person.page.get_by_label("Name").fill(name)
    person.press("Continue")
    person.is_at("/2fa/backup-codes/")


def test_a_security_key_is_the_only_method(person: Person, gallery: Gallery) -> None:
    person.signs_up()
    key = VirtualKey(person.page)
    adds_key(person, "Blue key")
    assert [made["rpId"] for made in key.credentials()] == ["localhost"]
    assert key.credentials()[0]["isResidentCredential"]
    person.press("I have saved them")
    person.reads("On, with 1 security key and 10 backup codes")
    gallery.show_ours(person.page, "two-factor-key")
    person.signs_out()
    person.open("/login/")
    person.passes_the_password_to("/login/verify/key/")
    gallery.show_ours(person.page, "key")
    person.press("Continue")
    person.is_at("/manager/")


def test_a_key_beside_a_device_is_offered_and_then_comes_first(enrolled: Person) -> None:
    enrolled.passes_the_password()
    enrolled.follow("Use a code instead")
    enrolled.page.get_by_label("Code").fill(enrolled.phone.code())
    enrolled.press("Continue")
    enrolled.is_at("/manager/")
    VirtualKey(enrolled.page)
    adds_key(enrolled)
    enrolled.signs_out()
    enrolled.passes_the_password()
    enrolled.follow("Use your security key")
    enrolled.press("Continue")
    enrolled.is_at("/manager/")
    enrolled.signs_out()
    enrolled.open("/login/")
    enrolled.passes_the_password_to("/login/verify/key/")
    enrolled.follow("Ask my phone instead")
    enrolled.reads("Check your phone")


def test_a_wrong_key_is_told_and_does_not_sign_in(person: Person, gallery: Gallery) -> None:
    person.signs_up()
    key = VirtualKey(person.page)
    adds_key(person)
    person.signs_out()
    key.forgets_all()
    person.open("/login/")
    person.passes_the_password_to("/login/verify/key/")
    person.press("Continue")
    person.reads("Your key did not answer")
    gallery.show_ours(person.page, "key-silent")
    expect(person.page.get_by_role("button", name="Continue")).to_be_enabled()
    person.open("/manager/")
    person.page.wait_for_url("**/login/?next=/manager/")


def test_the_same_key_is_not_added_twice(member: Person, gallery: Gallery) -> None:
    VirtualKey(member.page)
    adds_key(member)
    member.open("/2fa/add/key/")
    gallery.show_ours(member.page, "key-add")
    member.press("Continue")
    member.reads("This key is added already")
    gallery.show_ours(member.page, "key-add-known")


def test_a_removed_key_opens_nothing(member: Person, gallery: Gallery) -> None:
    VirtualKey(member.page)
    adds_key(member, "Blue key")
    member.open("/2fa/")
    member.follow("Blue key")
    gallery.show_ours(member.page, "key-method")
    member.follow("Remove")
    gallery.show_ours(member.page, "key-remove")
    member.press("Remove")
    member.reads("“Blue key” is removed")
    member.signs_out()
    member.passes_the_password()
    expect(member.page.get_by_role("link", name="Use your security key")).to_have_count(0)


def test_without_script_the_page_of_a_key_says_so_and_offers_the_other_ways(
    person: Person, new_context: NewContext, gallery: Gallery
) -> None:
    person.signs_up()
    VirtualKey(person.page)
    adds_key(person)
    person.backup_codes = person.page.locator("#codes li").all_inner_texts()
    elsewhere = person.with_browser(new_context(java_script_enabled=False))
    elsewhere.open("/login/")
    elsewhere.passes_the_password_to("/login/verify/key/")
    elsewhere.reads("This needs JavaScript")
    gallery.show_ours(elsewhere.page, "key-without-script")
    elsewhere.follow("Use a backup code")
    elsewhere.page.get_by_label("Code").fill(person.backup_codes[0])
    elsewhere.press("Continue")
    elsewhere.is_at("/manager/")
