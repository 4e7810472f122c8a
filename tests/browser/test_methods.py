"""The methods beside the kAuth app, as a person adds, uses and removes them."""

import base64
import re
import time

import pytest
from playwright.sync_api import expect

from devices import one_time_codes
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
