"""The accounts in the app: their codes, also without network; several of them; and how they go."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import App
from tests.browser.computer import Computer
from tests.browser.conftest import Household, NewApp, NewPerson
from tests.browser.person import Person
from tests.browser.watch import Watch
from tests.services.server import ServerProcess

SOMEBODY_LOOKS_ELSEWHERE = """(elsewhere) => {
    Object.defineProperty(document, "hidden", { value: elsewhere, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
OVER_A_MINUTE = 65_000
LINKED = """SELECT name FROM devices_device JOIN accounts_user
    ON accounts_user.id = user_id WHERE login_id = ? AND state = 'active'"""


@pytest.fixture
def person(at_home: Household) -> Person:
    return at_home.person


@pytest.fixture
def app(at_home: Household) -> App:
    return at_home.app


def test_a_code_is_hidden_until_it_is_tapped_copied_and_signs_in(person: Person, app: App) -> None:
    expect(app.page.locator("[data-code]:visible")).to_have_count(0)
    app.press("Show code")
    code = app.code()
    app.press("Copy")
    expect(app.page.get_by_role("button", name="Copied")).to_be_visible()
    assert app.clipboard() == code
    app.page.evaluate(SOMEBODY_LOOKS_ELSEWHERE, True)
    expect(app.page.locator("[data-code]:visible")).to_have_count(0)
    person.passes_the_password()
    person.follow("Use a code instead")
    person.page.get_by_label("Code").fill(code)
    person.press("Continue")
    person.is_at("/manager/")


def test_a_cold_start_in_flight_mode_shows_accounts_and_codes(
    household: Household, app: App, person: Person
) -> None:
    household.watch.expect("net::ERR_INTERNET_DISCONNECTED")
    context = app.page.context
    context.set_offline(True)
    cold = App(context.new_page(), app.origin)
    cold.open()
    cold.follow(person.login_id)
    assert re.fullmatch(r"\d{6}", cold.code())
    cold.reads("No network. Your codes work without it")
    cold.reads("Offline")
    cold.page.close()
    context.set_offline(False)
    expect(app.card(person)).to_contain_text("Online")


def test_a_phone_is_renamed_on_the_site_too(person: Person, app: App) -> None:
    app.follow(person.login_id)
    name = app.page.get_by_label("Name", exact=True)
    name.fill("\u202eRed phone")
    app.press("Rename")
    app.reads("The name is changed")
    expect(name).to_have_value("Red phone")
    person.passes_the_password()
    person.reads("Red phone")


def test_lines_rest_when_nobody_looks_for_a_minute(
    household: Household, person: Person, app: App
) -> None:
    household.watch.expect("status of 401")  # the clock of the phone has gone ahead
    app.page.clock.install()
    app.open()
    expect(app.card(person)).to_contain_text("Online")
    app.page.evaluate(SOMEBODY_LOOKS_ELSEWHERE, True)
    app.page.clock.fast_forward(OVER_A_MINUTE)
    expect(app.card(person)).to_contain_text("Resting")
    app.page.evaluate(SOMEBODY_LOOKS_ELSEWHERE, False)
    expect(app.card(person)).to_contain_text("Online")
    app.reads("The clock of this phone is wrong by a minute")


def test_the_last_method_is_not_removed_from_the_phone(
    household: Household, person: Person, app: App
) -> None:
    household.watch.expect("status of 409")
    app.follow(person.login_id)
    app.follow("Remove this account")
    app.press("Remove")
    app.reads("is the last method of this account")
    app.follow("Keep it")
    app.shows(person.login_id)


def test_test_this_phone_tells_how_long_each_way_took(person: Person, app: App) -> None:
    app.follow(person.login_id)
    app.press("Test this phone")
    expect(app.question).to_contain_text("This is practice")
    app.answers("YES", "Done")
    app.reads("This is how long the practice request took")
    expect(app.page.locator("[data-socket-result]")).to_have_text(re.compile(r"^\d+\.\d s$"))
    app.reads("Notifications are off")


# --- Several accounts ---------------------------------------------------------------------


@pytest.fixture
def computers(server: ServerProcess) -> Iterator[list[Computer]]:
    five = [Computer(server.origin) for _ in range(5)]
    yield five
    for computer in five:
        computer.close()


def test_five_accounts_have_five_lines_and_go_one_by_one(
    new_app: NewApp, computers: list[Computer]
) -> None:
    app = new_app()
    lines = open_sockets(app.page)
    app.open()
    for computer in computers:
        computer.links(app.page)
    expect(app.page.get_by_text("Online")).to_have_count(5)
    assert len(lines) == 5
    third = computers[2]
    third.removes_its_device()
    app.reads(f"“{third.login_id}” at localhost")
    app.reads("was removed in the 2FA section")
    expect(app.page.get_by_text("Online")).to_have_count(4)
    assert len(lines) == 4


def open_sockets(page: Page) -> set[object]:
    """The lines that are up now."""
    lines: set[object] = set()

    def on_socket(socket: object) -> None:
        lines.add(socket)
        socket.on("close", lambda _: lines.discard(socket))  # type: ignore[attr-defined]

    page.on("websocket", on_socket)
    return lines


def test_an_account_that_was_removed_while_the_app_was_closed_is_told_at_the_next_opening(
    new_app: NewApp, server: ServerProcess, watch: Watch
) -> None:
    app = new_app()
    with closing(Computer(server.origin)) as computer:
        app.open()
        computer.links(app.page)
        app.page.goto("about:blank")
        computer.removes_its_device()
        app.open()
        app.reads(f"“{computer.login_id}” at localhost")
        app.reads("was removed in the 2FA section")
        app.reads("Log in from this mobile device")


def test_an_account_with_another_device_is_removed_from_the_phone(
    new_person: NewPerson, new_app: NewApp, server: ServerProcess
) -> None:
    person, app = new_person(), new_app()
    person.has_enrolled()
    app.has_linked(person)
    app.follow(person.login_id)
    app.follow("Remove this account")
    app.press("Remove")
    app.reads(f"“{person.login_id}” is removed from this phone")
    app.reads("Log in from this mobile device")
    still_linked = server.execute(LINKED, person.login_id)
    assert [name for (name,) in still_linked] == ["Pixel 8"]
