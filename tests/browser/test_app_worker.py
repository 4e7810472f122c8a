"""The app's service worker in Chromium: the app without network, ringing, answering.

What headless Chromium cannot do: receive a push from a push service, and be tapped on. A push comes
by the debugging protocol, a press as the event that the worker would get.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.browser.computer import Computer
from tests.browser.conftest import NewContext
from tests.browser.library import run
from tests.browser.person import PASSWORD
from tests.browser.watch import Watch
from tests.browser.worker import PhoneWorker
from tests.journeys.browser import Browser
from tests.services.server import ServerProcess


@pytest.fixture(scope="module")
def browser(browser_that_notifies: Chromium) -> Chromium:
    return browser_that_notifies


@pytest.fixture
def phone(server: ServerProcess, new_context: NewContext) -> Page:
    page = new_context(permissions=["notifications"]).new_page()
    page.goto(f"{server.origin}/app/")
    return page


@pytest.fixture
def worker(phone: Page, server: ServerProcess) -> PhoneWorker:
    return PhoneWorker(phone, server.origin)


@pytest.fixture
def computer(server: ServerProcess, phone: Page, worker: PhoneWorker) -> Iterator[Computer]:
    with closing(Computer(server.origin)) as computer:
        computer.links(phone)
        yield computer


# --- The shell ----------------------------------------------------------------------------


def test_the_app_opens_without_network_and_the_sign_in_does_not(
    phone: Page, worker: PhoneWorker, server: ServerProcess, watch: Watch
) -> None:
    watch.expect("net::ERR_INTERNET_DISCONNECTED")
    phone.context.set_offline(True)
    for path in ("/app/", "/app/link"):
        phone.goto(server.origin + path)
        expect(phone.locator("body[data-app]")).to_be_attached()
    for path in ("/login/", "/app/authorize"):
        with pytest.raises(Exception, match=r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
            phone.goto(server.origin + path)


def test_the_worker_keeps_the_shell_and_no_page_of_anybody(
    phone: Page, worker: PhoneWorker
) -> None:
    kept = phone.evaluate(
        """async () => {
            const [name] = await caches.keys();
            const requests = await (await caches.open(name)).keys();
            return requests.map(({ url }) => new URL(url).pathname);
        }"""
    )
    pages = [path for path in kept if not path.startswith("/static/")]
    assert pages == ["/app/"]


def test_an_old_version_leaves_and_the_last_one_stays_for_pages_that_are_open(
    server: ServerProcess, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(f"{server.origin}/login/")
    page.evaluate(
        "async () => { for (const n of ['old', 'last']) await caches.open(`kauth-${n}`); }"
    )
    page.goto(f"{server.origin}/app/")
    PhoneWorker(page, server.origin)
    names = page.evaluate("() => caches.keys()")
    assert len(names) == 2
    assert "kauth-last" in names
    assert "kauth-old" not in names


def test_a_page_of_another_version_is_not_kept(phone: Page) -> None:
    kept = phone.evaluate(
        """async () => {
            const { Shell } = await import("/static/js/app/worker_shell.js");
            const shell = new Shell({ version: "mixed", pages: ["/app/"], files: [] });
            const words = await shell.keep().catch((error) => error.message);
            return [words.includes("another version"), await caches.has("kauth-mixed")];
        }"""
    )
    assert kept == [True, False]


# --- Ringing ------------------------------------------------------------------------------


def test_d10_a_plain_question_is_answered_in_the_notification(
    computer: Computer, worker: PhoneWorker
) -> None:
    computer.asks()
    worker.is_pushed()
    question = worker.shows(computer.login_id)
    assert "localhost" in question["title"]
    assert "Firefox on Linux" in question["body"]
    assert question["actions"] == ["deny", "approve"]
    worker.press("approve", question)
    assert worker.shows("You said YES")["tag"] == question["tag"]
    computer.press("I have answered")
    assert computer.path == "/manager/"


def test_a_no_in_the_notification_keeps_the_sign_in_out(
    computer: Computer, worker: PhoneWorker
) -> None:
    computer.asks()
    worker.is_pushed()
    worker.press("deny", worker.shows(computer.login_id))
    worker.shows("You said NO")
    assert computer.state() == "denied"


def test_d10_where_a_number_is_asked_the_notification_only_leads_to_the_app(
    computer: Computer, worker: PhoneWorker, server: ServerProcess
) -> None:
    with closing(Browser(server.origin, network="198.51.100.200")) as stranger:
        stranger.open("/login/")
        stranger.press("Log in", username=computer.login_id, password=PASSWORD)
        worker.is_pushed()
        question = worker.shows(computer.login_id)
        assert question["actions"] == []
        assert "type the number" in question["body"]
        worker.press("approve", question)
        worker.shows("over")
        assert stranger.state() == "pending"


def test_d10_a_site_that_wants_it_so_has_no_answers_in_notifications(
    computer: Computer, phone: Page, worker: PhoneWorker
) -> None:
    computer.asks()
    actions = phone.evaluate(
        """async () => {
            window.clients = { matchAll: async () => [] };
            window.registration = await navigator.serviceWorker.ready;
            const { Ringing } = await import("/static/js/app/worker_ringing.js");
            await new Ringing({ texts: { ask: "", who: "" }, answerInNotification: false }).ring();
            return (await registration.getNotifications()).map(({ actions }) => actions.length);
        }"""
    )
    assert actions == [0]


def test_a_press_on_a_notification_leads_to_a_page_that_can_ask(phone: Page) -> None:
    led_to = phone.evaluate(
        """async () => {
            const led = [];
            const page = (path) => ({
                url: location.origin + path, postMessage: () => {}, focus: () => led.push(path),
            });
            const openWindow = (path) => led.push(path);
            const { Ringing } = await import("/static/js/app/worker_ringing.js");
            const ringing = new Ringing({ pages: ["/app/", "/app/link"], texts: {} });
            for (const paths of [["/app/authorize", "/app/"], ["/app/authorize"]]) {
                window.clients = { matchAll: async () => paths.map(page), openWindow };
                await ringing.clicked({ action: "", notification: { close: () => {} } });
            }
            return led;
        }"""
    )
    assert led_to == ["/app/", "/app/#question"]


def test_a_push_for_a_question_that_is_over_says_so(
    computer: Computer, worker: PhoneWorker
) -> None:
    computer.asks()
    worker.is_pushed()
    question = worker.shows(computer.login_id)
    computer.press("Cancel")
    worker.is_pushed()
    worker.shows("This sign-in request is over")
    assert question["tag"] not in [one["tag"] for one in worker.notifications()]


def test_an_answer_that_comes_too_late_says_so(
    computer: Computer, phone: Page, worker: PhoneWorker, watch: Watch
) -> None:
    watch.expect("favicon.ico")
    # The app is closed: open, it would take the notification of a question that is over away.
    phone.goto(f"{computer.origin}/app/manifest.webmanifest")
    computer.asks()
    worker.is_pushed()
    question = worker.shows(computer.login_id)
    computer.press("Cancel")
    worker.press("approve", question)
    worker.shows("This sign-in request is over")


def test_a_device_that_was_removed_is_told_by_the_next_push_and_forgotten(
    computer: Computer, phone: Page, worker: PhoneWorker, watch: Watch
) -> None:
    watch.expect("favicon.ico")
    device = run(phone, "return (await vault.accounts())[0].device;")
    # The app is closed: open, it would hear of it by its line.
    phone.goto(f"{computer.origin}/app/manifest.webmanifest")
    computer.open(f"/2fa/devices/{device}/remove/")
    computer.press("Remove")
    worker.is_pushed()
    worker.shows(f"no longer linked to {computer.login_id}")
    assert run(phone, "return vault.accounts();") == []
