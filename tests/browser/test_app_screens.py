"""Every screen of the app, light and dark, for somebody to look at."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.app import CODES, HOME, RING, App
from tests.browser.conftest import Household, NewApp, NewContext, NewPerson
from tests.browser.gallery import Gallery
from tests.browser.person import Person
from tests.browser.test_keyboard import walk_to

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
OFFERS_TO_INSTALL = """() => {
    const offer = new Event("beforeinstallprompt");
    offer.prompt = async () => (document.body.dataset.asked = "yes");
    dispatchEvent(offer);
}"""


@pytest.fixture
def gallery() -> Gallery:
    return Gallery()


@pytest.fixture
def person(at_home: Household) -> Person:
    return at_home.person


@pytest.fixture
def app(at_home: Household) -> App:
    return at_home.app


def test_screens_of_a_new_phone(new_app: NewApp, gallery: Gallery) -> None:
    app = new_app()
    app.open()
    for name, path in (
        ("start", "/app/"),
        ("computer", "/app/#computer"),
        ("scan-without-camera", "/app/#scan"),
        ("no-keys", "/app/#no-keys"),
        ("claim", f"/app/link#v=1&t={'A' * 43}&s={'B' * 43}"),
        ("claim-not-whole", "/app/link"),
    ):
        app.opens_link(app.origin + path)
        expect(app.page.get_by_role("heading", level=1)).to_be_visible()
        gallery.show_on_phone(app.page, f"app-{name}")


def test_the_hint_to_install_fits_the_browser(new_app: NewApp, gallery: Gallery) -> None:
    app = new_app()
    app.open()
    app.reads_no_more("Put kAuth on your home screen")
    app.page.evaluate(OFFERS_TO_INSTALL)
    gallery.show_on_phone(app.page, "app-install")
    app.press("Install")
    app.reads_no_more("Put kAuth on your home screen")
    assert app.page.evaluate("() => document.body.dataset.asked") == "yes"
    apple = new_app(user_agent=IPHONE)
    apple.open()
    apple.reads("Choose “Add to Home Screen”")
    gallery.show_on_phone(apple.page, "app-install-on-ios")


def test_screens_of_linking(new_person: NewPerson, new_app: NewApp, gallery: Gallery) -> None:
    person, app = new_person(), new_app()
    person.has_signed_up()
    with person.without_script() as plain:
        plain.open("/2fa/add/kauth/")
        plain.press("Next")
        app.opens_link(plain.link_address())
        app.press("Continue")
        app.shows("Compare the numbers")
        gallery.show_on_phone(app.page, "app-check")
        plain.press("I have scanned it")
        plain.press("Yes, this is my device")
    app.shows(CODES)
    gallery.show_on_phone(app.page, "app-codes")
    walk_to(app.page, "I have saved them")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name=re.compile(f"{RING}|{HOME}"))).to_be_focused()


def test_the_page_that_authorizes(new_person: NewPerson, gallery: Gallery) -> None:
    person = new_person()
    person.has_signed_up()
    person.open("/app/authorize")
    gallery.show_ours(person.page, "app-authorize")
    walk_to(person.page, "Authorize")


def test_screens_of_a_phone_that_is_linked(app: App, person: Person, gallery: Gallery) -> None:
    gallery.show_on_phone(app.page, "app-accounts")
    app.press("Show code")
    gallery.show_on_phone(app.page, "app-accounts-code")
    app.follow(person.login_id)
    gallery.show_on_phone(app.page, "app-account")
    app.follow("Remove this account")
    gallery.show_on_phone(app.page, "app-remove")
    app.open("/app/#add")
    gallery.show_on_phone(app.page, "app-add")
    device = app.page.evaluate("() => JSON.parse(localStorage['kauth-accounts'])[0].device")
    app.open(f"/app/#ring-me/{device}")
    gallery.show_on_phone(app.page, "app-ring-me")


def test_screens_of_a_question(
    app: App, person: Person, new_context: NewContext, gallery: Gallery
) -> None:
    person.passes_the_password()
    expect(app.question).to_be_visible()
    gallery.show_on_phone(app.page, "app-question")
    app.press("NO")
    gallery.show_on_phone(app.page, "app-question-no")
    app.press("I stopped it myself")
    app.reads("NO is sent")
    gallery.show_on_phone(app.page, "app-question-end")


def test_screens_of_a_question_with_a_number(
    app: App, person: Person, new_context: NewContext, gallery: Gallery
) -> None:
    stranger = person.with_browser(new_context())
    stranger.passes_the_password()
    expect(app.question).to_be_visible()
    gallery.show_on_phone(app.page, "app-question-number")


def test_no_and_yes_are_equal_and_large_and_no_is_read_first(app: App, person: Person) -> None:
    person.passes_the_password()
    no = app.page.get_by_role("button", name="NO", exact=True).bounding_box()
    yes = app.page.get_by_role("button", name="YES", exact=True).bounding_box()
    assert no
    assert yes
    assert (no["width"], no["height"]) == (yes["width"], yes["height"])
    assert no["height"] >= 64
    assert no["x"] < yes["x"]
    assert app.question.get_by_role("button").all_inner_texts() == ["NO", "YES"]
