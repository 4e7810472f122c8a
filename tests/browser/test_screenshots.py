"""Every page fits a phone and shuts nobody out; `make pictures` keeps what they look like."""

import re

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from tests.browser.conftest import NewContext
from tests.browser.gallery import Gallery, shuts_nobody_out
from tests.browser.person import Person
from tests.browser.watch import Watch
from tests.services.server import ServerProcess

QUESTION = "Is it you? y = yes, n = no, r = not me:"
DENIED_SOON = """UPDATE twofactor_challenge SET ended_at = datetime('now', '+30 seconds')
    WHERE state = 'denied'"""
MAKE_STAFF = """
from accounts.models import User
User.objects.filter(login_id={!r}).update(is_staff=True, is_superuser=True)
"""
ADDRESSES = "(links) => links.map(({ href }) => href)"


@pytest.fixture
def gallery() -> Gallery:
    return Gallery()


def test_pages_of_strangers(person: Person, gallery: Gallery) -> None:
    page = person.page
    for name, path in (
        ("login", "/login/"),
        ("signup", "/signup/"),
        ("password-reset", "/password/reset/"),
        ("password-reset-link-over", "/password/reset/MQ/abc-def/"),
        ("app-link-not-whole", "/app/link"),
        ("app-link", f"/app/link#v=1&t={'A' * 43}&s={'B' * 43}"),
    ):
        page.goto("about:blank")  # so that an address that differs in its fragment only is loaded
        person.open(path)
        gallery.show_ours(page, name)
    person.open("/signup/")
    page.get_by_label("Login ID").fill("nobody")
    page.get_by_label("Password", exact=True).fill("password")
    page.get_by_label("Password again").fill("passwort")
    person.press("Sign up")
    gallery.show_ours(page, "signup-refused")


def test_pages_of_a_new_account(person: Person, server: ServerProcess, gallery: Gallery) -> None:
    person.signs_up()
    gallery.show_ours(person.page, "manager-password-only")
    for name, path in (
        ("two-factor-off", "/2fa/"),
        ("add", "/2fa/add/"),
        ("backup-codes-off", "/2fa/backup-codes/"),
        ("reauthenticate", "/login/again/?next=/2fa/"),
        ("password-change", "/password/change/"),
    ):
        person.open(path)
        gallery.show_ours(person.page, name)
    person.signs_out()
    person.open("/password/reset/")
    person.page.get_by_label("Login ID").fill(person.login_id)
    person.page.get_by_role("main").get_by_role("button").click()
    gallery.show_ours(person.page, "password-reset-sent")
    mail = server.wait_for_output(f"To: {person.login_id}")
    address = re.search(r"/password/reset/\S+/\S+/", mail[mail.rindex(person.login_id) :])
    assert address
    person.open(address[0])
    gallery.show_ours(person.page, "password-reset-confirm")


def test_pages_of_linking(person: Person, gallery: Gallery) -> None:
    person.signs_up()
    person.open("/2fa/add/kauth/")
    gallery.show_ours(person.page, "link-start")
    address = person.asks_for_a_link()
    gallery.show_ours(person.page, "link-offered")
    person.phone.link(address)
    person.reads("Is this your device?")
    gallery.show_ours(person.page, "link-claimed")
    person.press("No")
    gallery.show_ours(person.page, "link-refused")
    person.links()
    gallery.show_ours(person.page, "backup-codes")
    person.press("I have saved them")
    gallery.show_ours(person.page, "two-factor-on")
    person.open("/2fa/backup-codes/")
    gallery.show_ours(person.page, "backup-codes-put-away")
    person.open("/2fa/")
    person.follow("Pixel 8")
    gallery.show_ours(person.page, "device")
    person.follow("Remove")
    gallery.show_ours(person.page, "remove-last-device")
    person.open("/manager/")
    gallery.show_ours(person.page, "manager")
    person.open("/manager/activity/")
    gallery.show_ours(person.page, "activity")


def test_pages_of_signing_in(
    server: ServerProcess, enrolled: Person, new_context: NewContext, gallery: Gallery
) -> None:
    elsewhere = enrolled.with_browser(new_context())
    page = elsewhere.page
    page.clock.install()
    phone = elsewhere.phone.listen()
    elsewhere.passes_the_password()
    phone.shows(QUESTION)
    elsewhere.reads("On screen at")
    gallery.show_ours(page, "verify-number")
    page.clock.fast_forward(21_000)
    expect(page.get_by_label("Code from the kAuth app")).to_be_visible()
    gallery.show_ours(page, "verify-code-box")
    elsewhere.follow("Use a code instead")
    gallery.show_ours(page, "code")
    page.get_by_label("Code").fill("000000")
    elsewhere.press("Continue")
    gallery.show_ours(page, "code-refused")
    elsewhere.follow("Use a backup code")
    gallery.show_ours(page, "backup-code")
    elsewhere.open("/login/verify/")
    phone.types("n")
    phone.types("s")
    elsewhere.reads("Not approved")
    gallery.show_ours(page, "verify-not-approved")
    server.execute(DENIED_SOON)  # pictures take longer than the pause after a NO
    # The button waits with the page; a browser without script sends the form all the same.
    page.locator("form[data-again]").evaluate("(form) => form.submit()")
    elsewhere.reads("Your devices rest for")
    gallery.show_ours(page, "verify-paused")


def test_pages_of_errors(person: Person, gallery: Gallery, watch: Watch) -> None:
    watch.expect("the server responded with a status of 40")
    person.open("/nowhere/")
    person.reads("not")
    gallery.show_ours(person.page, "error-404")
    person.open("/login/")
    person.page.context.clear_cookies()
    person.page.get_by_label("Login ID").fill(person.login_id)
    person.page.get_by_label("Password").fill("any password")
    person.press("Log in")
    gallery.show_ours(person.page, "error-403-csrf")


@pytest.mark.parametrize("template", ["400", "403", "429", "500"])
def test_pages_of_rare_errors(person: Person, gallery: Gallery, template: str) -> None:
    """Nobody brings these about at will: their templates stand in for an answer of the server."""
    body = render_to_string(f"{template}.html", {"retry_after": 30})
    person.page.route(
        "**/rare/", lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8")
    )
    person.open("/rare/")
    gallery.show_ours(person.page, f"error-{template}")


def test_pages_of_the_admin(member: Person, server: ServerProcess, gallery: Gallery) -> None:
    made = server.manage("shell", "--no-imports", "-c", MAKE_STAFF.format(member.login_id))
    assert made.returncode == 0, made.stderr
    member.open("/admin/")
    gallery.show(member.page, "admin")
    lists = member.page.locator("#content-main th a").evaluate_all(ADDRESSES)
    assert lists
    for address in lists:
        member.page.goto(address)
        shuts_nobody_out(member.page, member.page.url)
        entries = member.page.locator("#result_list tbody th a")
        if entries.count():
            entries.first.click()
            shuts_nobody_out(member.page, member.page.url)
