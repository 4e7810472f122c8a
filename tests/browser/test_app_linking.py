"""Linking the app: by camera, by a link, on the phone itself; and what can come in between."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.browser import camera
from tests.browser.app import CODES, HOME, SAVED, App
from tests.browser.conftest import ALLOWED, NewApp, launched, unknown_browser
from tests.browser.person import Person
from tests.browser.watch import Watch

NUMBERS = "Compare the numbers"
NO_STORAGE = """IDBObjectStore.prototype.put = () => {
    throw new DOMException("could not be cloned", "DataCloneError");
}"""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return tmp_path / "qr.y4m"


@pytest.fixture
def browser_with_camera(
    playwright: Playwright, chromium_shell_path: str, film: Path
) -> Iterator[Browser]:
    with launched(playwright, chromium_shell_path, *camera.flags(film)) as browser:
        yield browser


def test_log_in_from_a_computer_by_camera(
    person: Person, browser_with_camera: Browser, film: Path, watch: Watch
) -> None:
    context = unknown_browser(browser_with_camera, permissions=["camera"])
    watch.over(context)
    app = App(context.new_page(), person.origin)
    person.has_signed_up()
    camera.film(person.asks_for_a_link(), film)
    app.open()
    app.follow("Log in from a computer")
    app.reads("/2fa/")
    app.follow("Continue")
    app.shows(NUMBERS)
    expect(app.page.locator("[data-check-number]")).to_have_text(person.number())
    person.press("Yes, this is my device")
    app.shows(CODES)


def test_the_phone_s_own_camera_opens_the_link_and_the_codes_are_saved(
    person: Person, new_app: NewApp, tmp_path: Path
) -> None:
    app = new_app(permissions=ALLOWED)
    person.has_signed_up()
    app.opens_link(person.asks_for_a_link())
    app.shows("Link this phone?")
    app.press("Continue")
    app.reads(person.login_id)
    expect(app.page.locator("[data-check-number]")).to_have_text(person.number())
    person.press("Yes, this is my device")
    person.is_at("/2fa/backup-codes/")
    codes = person.page.locator("#codes li").all_inner_texts()
    expect(app.page.locator("#app-codes li")).to_have_text(codes)
    with app.page.expect_download() as download:
        app.follow("Download")
    text = Path(download.value.path()).read_text()
    assert all(word in text for word in [*codes, person.login_id, "localhost"])
    app.press("Copy")
    expect(app.page.get_by_role("button", name="Copied")).to_be_visible()
    assert app.clipboard().split() == codes
    told: list[str] = []
    app.page.on("request", lambda request: told.append(urlsplit(request.url).path))
    app.page.get_by_role("button", name=SAVED).dblclick()
    app.goes_home()
    assert told.count("/device/v1/provisioned") == 1
    app.page.reload()
    app.shows(HOME)
    app.reads_no_more(CODES)


def test_without_a_camera_the_link_is_pasted(person: Person, app: App) -> None:
    person.has_signed_up()
    address = person.asks_for_a_link()
    app.open("/app/#scan")
    app.reads("has no camera")
    for wrong, words in (
        ("https://example.org", "This is not a kAuth link"),
        (address.replace("localhost", "127.0.0.1"), "belongs to another site"),
    ):
        app.pastes(wrong)
        app.reads(words)
    app.pastes(address)
    app.shows(NUMBERS)


def test_a_link_that_was_used_says_so(
    person: Person, app: App, new_app: NewApp, watch: Watch
) -> None:
    watch.expect("status of 409")
    person.has_signed_up()
    address = person.asks_for_a_link()
    app.opens_link(address)
    app.press("Continue")
    app.shows(NUMBERS)
    late = new_app()
    late.opens_link(address)
    late.press("Continue")
    late.reads("Another device has used this link")


@pytest.mark.parametrize(
    "behind", ["?$(id)#v=1&t={0}&s={0}", "?`id`#v=1&t={0}&s={0}", "#v=1&t=$(id)&s={0}"]
)
def test_no_command_of_a_stranger_is_offered_for_a_terminal(app: App, behind: str) -> None:
    app.opens_link(f"{app.origin}/app/link{behind.format('A' * 43)}")
    app.reads("is not the whole link")
    expect(app.page.locator("[data-command] code")).not_to_contain_text("id")


def test_a_no_on_the_computer_is_told_and_leaves_nothing(
    person: Person, app: App, watch: Watch
) -> None:
    watch.expect("status of 403")
    person.has_signed_up()
    app.opens_link(person.asks_for_a_link())
    app.press("Continue")
    app.shows(NUMBERS)
    person.press("No")
    app.reads("Your computer said no")
    app.reads("Log in from this mobile device")


def test_a_cancel_on_the_phone_asks_for_a_no_on_the_computer(person: Person, app: App) -> None:
    person.has_signed_up()
    app.opens_link(person.asks_for_a_link())
    app.press("Continue")
    app.shows(NUMBERS)
    app.press("Cancel")
    app.reads("Press “No” on your computer too")
    app.reads("Log in from this mobile device")


def test_the_computer_is_waited_for_on_every_screen_and_after_a_cold_start(
    person: Person, app: App
) -> None:
    person.has_signed_up()
    app.opens_link(person.asks_for_a_link())
    app.press("Continue")
    app.shows(NUMBERS)
    app.open()
    expect(app.page.locator("[data-check-number]")).to_have_text(person.number())
    app.page.evaluate("() => (location.hash = 'accounts')")
    app.reads("Waits for your computer")
    person.press("Yes, this is my device")
    app.shows(CODES)


def test_a_network_that_goes_just_after_the_yes_is_waited_for(
    person: Person, app: App, watch: Watch
) -> None:
    watch.expect("net::ERR_FAILED")
    person.has_signed_up()
    app.opens_link(person.asks_for_a_link())
    app.press("Continue")
    app.shows(NUMBERS)
    app.page.route("**/device/v1/provision", lambda route: route.abort())
    person.press("Yes, this is my device")
    app.reads("Trying to reach the server")
    app.page.unroute_all()
    app.shows(CODES)


def test_a_reload_in_the_middle_goes_on_where_it_was(person: Person, app: App) -> None:
    person.has_signed_up()
    app.opens_link(person.asks_for_a_link())
    app.page.reload()
    app.press("Continue")
    app.shows(NUMBERS)
    app.page.reload()
    expect(app.page.locator("[data-check-number]")).to_have_text(person.number())
    person.press("Yes, this is my device")
    app.shows(CODES)
    codes = app.page.locator("#app-codes li").all_inner_texts()
    app.page.reload()
    expect(app.page.locator("#app-codes li")).to_have_text(codes)


def test_d31_a_browser_that_keeps_no_keys_links_nothing(person: Person, app: App) -> None:
    person.has_signed_up()
    address = person.asks_for_a_link()
    app.page.add_init_script(NO_STORAGE)
    app.opens_link(address)
    app.press("Continue")
    app.shows("This browser keeps no keys")
    app.reads("an OTP app")
    person.reads("Waits for your device")


def test_log_in_from_this_mobile_device_leaves_no_session_behind(person: Person, app: App) -> None:
    person.has_signed_up()
    app.open()
    app.follow("Log in from this mobile device")
    app.logs_in(person)
    app.press("Authorize")
    app.shows(CODES)
    app.press(SAVED)
    app.goes_home()
    expect(app.card(person)).to_contain_text("Online")
    app.open("/manager/")
    app.page.wait_for_url("**/login/?next=/manager/")


def test_on_the_phone_an_account_with_a_second_factor_is_asked_for_it(
    person: Person, app: App
) -> None:
    person.has_enrolled()
    device = person.phone.listen("--once")
    app.open("/app/#add")
    app.follow("Log in from this mobile device")
    app.logs_in(person)
    device.types("y")
    number = app.page.locator("[data-number]").get_attribute("data-number")
    device.types(str(number))
    app.press("Authorize")
    app.goes_home()
    expect(app.card(person)).to_contain_text("Online")
