"""The app rings while it is closed: from the button that turns it on to a YES in the notification.

What headless Chromium cannot do stands in: a subscription of our own push service in place of the
browser's, the delivery by the debugging protocol, and the press as the event that the worker gets.
"""

import json

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.app import App
from tests.browser.conftest import Household
from tests.browser.person import Person
from tests.browser.waiting import until
from tests.browser.worker import PhoneWorker
from tests.services.push_service import PushService
from tests.services.server import ServerProcess

SUBSCRIBE = """(() => {{
    let subscription = null;
    const subscribed = {{ toJSON: () => ({0}), options: {{}}, unsubscribe: async () => true }};
    PushManager.prototype.getSubscription = async () => subscription;
    PushManager.prototype.subscribe = async () => (subscription = subscribed);
}})()"""


@pytest.fixture(scope="module")
def browser(browser_that_notifies: Browser) -> Browser:
    return browser_that_notifies


@pytest.fixture
def person(at_home: Household) -> Person:
    return at_home.person


@pytest.fixture
def app(at_home: Household, push_service: PushService) -> App:
    """Opened at the account, with a browser that could subscribe at `push_service`."""
    app = at_home.app
    app.page.add_init_script(SUBSCRIBE.format(json.dumps(push_service.subscription())))
    app.open()
    app.follow(at_home.person.login_id)
    return app


def test_a_closed_app_rings_and_yes_in_the_notification_signs_in(
    household: Household, person: Person, app: App, push_service: PushService, server: ServerProcess
) -> None:
    household.watch.expect("favicon.ico")
    app.press("Turn on notifications")
    app.reads("This phone rings also while the app is closed")
    server_key = app.page.locator("body").get_attribute("data-vapid-key")
    worker = PhoneWorker(app.page, server.origin)
    app.open("/app/manifest.webmanifest")
    person.passes_the_password()
    message = push_service.next_message()
    assert message.claims(str(server_key))["aud"] == push_service.origin
    assert message.headers["urgency"] == "high"
    assert 0 < int(message.headers["ttl"]) <= 120
    text = push_service.read(message)
    assert text == b'{"v":1}'
    worker.is_pushed(text.decode())
    worker.press("approve", worker.shows(person.login_id))
    person.is_at("/manager/")


def test_test_this_phone_shows_both_ways(
    person: Person, app: App, push_service: PushService, server: ServerProcess
) -> None:
    app.press("Turn on notifications")
    app.reads("This phone rings also while the app is closed")
    worker = PhoneWorker(app.page, server.origin)
    app.press("Test this phone")
    worker.is_pushed(push_service.read(push_service.next_message()).decode())
    worker.shows("This is practice")
    app.answers("YES", "Done")
    until(app.page, lambda: not worker.notifications(), "A screen where nothing asks any more")
    app.reads("This is how long the practice request took")
    for way in ("socket", "push"):
        expect(app.page.locator(f"[data-{way}-result]")).to_contain_text(" s")


def test_notifications_are_turned_off_again(app: App, person: Person) -> None:
    app.press("Turn on notifications")
    app.press("Turn off notifications")
    app.reads("This phone rings only while the app is open")
