"""Trouble in the app, told in words: what it means, and what to do."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.conftest import Household, NewApp
from tests.browser.person import Person

FIVE_MINUTES_AHEAD = """(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 5 * 60_000;
})()"""
SIGN_BY_ANOTHER_KEY = """(() => {
    const sign = crypto.subtle.sign.bind(crypto.subtle);
    const kind = { name: "ECDSA", namedCurve: "P-256" };
    const others = crypto.subtle.generateKey(kind, false, ["sign"]);
    crypto.subtle.sign = async (way, _, frame) => sign(way, (await others).privateKey, frame);
})()"""
LOSE_THE_KEY = """async () => {
    const database = await new Promise((resolve) => {
        const opening = indexedDB.open("kauth");
        opening.onsuccess = () => resolve(opening.result);
    });
    const store = database.transaction("accounts", "readwrite").objectStore("accounts");
    store.getAll().onsuccess = ({ target: { result } }) => {
        for (const account of result) store.put({ ...account, wrapKey: null });
    };
    await new Promise((resolve) => (store.transaction.oncomplete = resolve));
}"""


@pytest.fixture
def person(at_home: Household) -> Person:
    return at_home.person


@pytest.fixture
def app(at_home: Household) -> App:
    return at_home.app


def test_a_network_that_is_gone_and_comes_back(
    household: Household, app: App, person: Person
) -> None:
    household.watch.expect("net::ERR_INTERNET_DISCONNECTED")
    app.page.context.set_offline(True)
    app.reads("No network. Your codes work without it")
    app.page.context.set_offline(False)
    app.reads_no_more("No network. Your codes work without it")


def test_a_server_that_does_not_answer(household: Household, app: App, person: Person) -> None:
    household.watch.expect("net::ERR_FAILED")
    app.page.route("**/device/**", lambda route: route.abort())
    app.page.route_web_socket(re.compile("/ws/device/"), lambda socket: socket.close())
    app.open()
    app.reads("The server does not answer. Your codes still work")
    expect(app.card(person)).to_contain_text("Offline")
    app.page.unroute_all()


def test_where_sockets_are_blocked_the_app_asks(app: App, person: Person) -> None:
    app.page.route_web_socket(re.compile("/ws/device/"), lambda socket: socket.close())
    app.open()
    expect(app.card(person)).to_contain_text("Online")
    person.passes_the_password()
    app.answers("YES")
    person.is_at("/manager/")
    app.page.unroute_all()


def test_notifications_that_are_blocked(household: Household, app: App, person: Person) -> None:
    app.follow(person.login_id)
    app.page.evaluate(
        "() => Object.defineProperty(Notification, 'permission', { get: () => 'denied' })"
    )
    app.page.evaluate("() => dispatchEvent(new HashChangeEvent('hashchange'))")
    app.reads("Blocked. Allow notifications for this site")


def test_a_clock_that_is_wrong_is_told_and_its_codes_are_right(
    household: Household, app: App, person: Person
) -> None:
    household.watch.expect("status of 401")
    other = App(app.page.context.new_page(), app.origin)
    other.page.add_init_script(FIVE_MINUTES_AHEAD)
    app.follow(person.login_id)
    other.page.goto(app.page.url)
    other.reads("The clock of this phone is wrong by 5 minutes")
    code = other.code()
    other.page.close()
    person.passes_the_password()
    person.follow("Use a code instead")
    person.page.get_by_label("Code").fill(code)
    person.press("Continue")
    person.is_at("/manager/")


def test_a_site_that_does_not_take_the_key_any_more(
    household: Household, app: App, person: Person
) -> None:
    household.watch.expect("status of 401")
    other = App(app.page.context.new_page(), app.origin)
    other.page.add_init_script(SIGN_BY_ANOTHER_KEY)
    other.open()
    other.reads(f"The site does not know this phone as {person.login_id} any more")
    expect(other.card(person)).to_contain_text("Not known there")
    other.reads_no_more("The server does not answer")
    other.page.close()


def test_a_key_that_is_lost(app: App, person: Person) -> None:
    app.page.evaluate(LOSE_THE_KEY)
    app.open()
    app.reads(f"The key of {person.login_id} is gone from this phone, so it cannot answer")
    app.press("Show code")
    app.reads("The key of this account is gone from this phone")


def test_accounts_that_cannot_be_read_are_never_taken_for_none(new_app: NewApp) -> None:
    app = new_app()
    app.page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException(); }")
    app.open("/app/#accounts")
    app.shows("This browser keeps no keys")
