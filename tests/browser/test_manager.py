"""The account manager in real Chromium: what a person sees there, and what they can do."""

import pytest

from tests.browser.gallery import Gallery
from tests.browser.person import Person


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
