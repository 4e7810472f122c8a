"""The e-mail address in real Chromium: changed from both mailboxes, and taken back from the old."""

import re

import pytest

from tests.browser.gallery import Gallery
from tests.browser.person import Person
from tests.services.server import ServerProcess

NEW_PASSWORD = "another horse battery"


@pytest.fixture
def gallery() -> Gallery:
    return Gallery()


def mailed(server: ServerProcess, subject: str, page: str) -> str:
    """The link to `page` in the newest mail of this subject."""
    output = server.wait_for_output(f"Subject: {subject}")
    found = re.search(rf"{page}\S+", output[output.rindex(f"Subject: {subject}") :])
    assert found
    return found[0]


def chooses_a_new_password(person: Person, server: ServerProcess) -> None:
    person.follow("Choose a new password")
    person.page.get_by_label("Login ID").fill(person.login_id)
    person.page.get_by_role("main").get_by_role("button").click()
    person.reads("Check your e-mail")
    person.open(mailed(server, "Choose a new password", "/password/reset/"))
    person.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    person.page.get_by_label("New password again").fill(NEW_PASSWORD)
    person.page.get_by_role("main").get_by_role("button").click()
    person.is_at("/login/")


def test_the_address_is_moved_from_both_mailboxes_and_taken_back_from_the_old(
    member: Person, server: ServerProcess, gallery: Gallery
) -> None:
    member.open("/manager/")
    member.follow("E-mail address")
    gallery.show_ours(member.page, "address")
    member.page.get_by_label("New e-mail address").fill("moved@example.org")
    member.press("Change the address")
    member.reads("not confirmed yet")
    gallery.show_ours(member.page, "address-asked")
    for subject, step in (
        ("Change of your e-mail address", "half"),
        ("Confirm your e-mail address", "done"),
    ):
        member.open(mailed(server, subject, "/address/"))
        member.reads(member.login_id)
        gallery.show_ours(member.page, "address-confirm")
        member.press("Confirm")
        gallery.show_ours(member.page, f"address-{step}")
    member.reads("Your login ID is now moved@example.org")

    way_back = mailed(server, "Your e-mail address", "/not-me/")
    member.open(way_back)
    member.reads("Take this address back?")
    gallery.show_ours(member.page, "not-me-address")
    member.press("It was not me")
    member.reads("Your account is locked down")
    gallery.show_ours(member.page, "not-me-done")
    chooses_a_new_password(member, server)
    member.page.get_by_label("Login ID").fill(member.login_id)
    member.page.get_by_label("Password").fill(NEW_PASSWORD)
    member.press("Log in")
    member.is_at("/login/verify/")

    member.open(way_back)
    member.reads("This link is over")
    gallery.show_ours(member.page, "not-me-over")
