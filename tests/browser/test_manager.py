"""The account manager in real Chromium: what a person sees there, and what they can do."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewContext, NewPerson
from tests.browser.gallery import Gallery
from tests.browser.person import Person
from tests.browser.test_keyboard import walk_to
from tests.services.server import ServerProcess

MANY_ENTRIES = """
from accounts import audit
from accounts.models import EventKind, User
from accounts.visitors import Visitor
user, visitor = User.objects.get(login_id={!r}), Visitor("9.9.9.9", "Firefox on Windows")
for _ in range(30):
    audit.record(EventKind.REQUEST_APPROVED, user=user, visitor=visitor, device_name="Pixel 8")
"""


@pytest.fixture
def gallery() -> Gallery:
    return Gallery()


def test_one_look_tells_the_methods_and_what_to_do_next(member: Person, gallery: Gallery) -> None:
    member.open("/manager/")
    member.reads("On, with 1 device and 10 backup codes")
    member.reads("Your backup codes are not saved yet.")
    gallery.show_ours(member.page, "manager-advice")
    member.follow("Save them")
    member.press("I have saved them")
    member.open("/manager/")
    member.reads("You have one device.")
    member.follow("Link a second device")
    member.is_at("/2fa/add/kauth/")


def test_the_activity_is_filtered_turned_and_downloaded(
    new_person: NewPerson, server: ServerProcess
) -> None:
    person = new_person(java_script_enabled=False)
    person.has_enrolled()
    made = server.manage("shell", "--no-imports", "-c", MANY_ENTRIES.format(person.login_id))
    assert made.returncode == 0, made.stderr
    person.open("/manager/")
    person.follow("See all activity")
    person.reads("Sign-in approved on Pixel 8 from Firefox on Windows, 9.9.9.9")
    person.page.get_by_label("Show").select_option("Changes of the account")
    person.press("Show")
    person.reads("Device “Pixel 8” linked from")
    person.page.get_by_label("Show").select_option("Sign-in requests")
    person.press("Show")
    expect(person.page.get_by_role("row")).to_have_count(1 + 25)
    person.follow("Older")
    expect(person.page.get_by_role("row")).to_have_count(1 + 5)
    person.follow("Newer")
    with person.page.expect_download() as download:
        person.follow("Download as CSV")
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert text.count("request_approved") == 30


def test_a_session_is_ended_and_its_open_page_goes_to_the_login(
    member: Person, new_context: NewContext, gallery: Gallery
) -> None:
    elsewhere = member.with_browser(new_context())
    phone = member.phone.listen("--once")
    elsewhere.passes_the_password()
    phone.shows("NEW BROWSER")
    phone.types("y")
    phone.types(elsewhere.number())
    elsewhere.is_at("/manager/")
    elsewhere.open("/2fa/add/kauth/")
    elsewhere.press("Next")
    member.open("/manager/")
    member.follow("Where you are signed in")
    member.reads("with Pixel 8")
    gallery.show_ours(member.page, "sessions")
    walk_to(member.page, "End")
    with elsewhere.page.expect_navigation(url="**/login/**", timeout=2_000):
        member.page.keyboard.press("Enter")
    member.reads("1 browser is signed out.")
    member.reads("You are signed in nowhere else.")


def test_a_forgotten_browser_is_asked_for_the_number_again(
    member: Person, gallery: Gallery
) -> None:
    member.open("/manager/")
    member.follow("Known browsers")
    member.reads("This browser")
    gallery.show_ours(member.page, "known-browsers")
    walk_to(member.page, "Forget")
    member.page.keyboard.press("Enter")
    member.reads("No browser is known.")
    member.signs_out()
    member.passes_the_password()
    assert len(member.number()) == 2


def test_who_is_away_logs_in_by_code_and_comes_back_from_the_device(
    member: Person, gallery: Gallery
) -> None:
    member.open("/manager/")
    member.follow("I am away")
    gallery.show_ours(member.page, "away-choose")
    walk_to(member.page, "Start")
    member.page.keyboard.press("Enter")
    member.reads("You are away until")
    gallery.show_ours(member.page, "away")
    member.signs_out()
    member.passes_the_password()
    member.reads("Your devices are not asked at the moment")
    member.follow("Use a backup code")
    member.page.get_by_label("Backup code").fill(member.backup_codes[0])
    member.press("Continue")
    member.is_at("/manager/")
    back = member.phone.run("away", "--back")
    back.shows("is not away")
    member.open("/manager/away/")
    member.reads("For how long?")
