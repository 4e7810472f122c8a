"""The browser, the server and the people of the browser journeys."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.app import App
from tests.browser.command_line import Phone
from tests.browser.computer import Computer
from tests.browser.person import Person
from tests.browser.watch import Watch
from tests.services import chromium
from tests.services import push_service as push_services
from tests.services import server as site
from tests.services.server import ServerProcess
from tests.waiting import PATIENCE

# No waiting for a graphics card that is not there. One renderer for all would be faster still, but
# then closing a browser whose service worker is at work can wait for ever.
QUICKLY = ["--disable-gpu"]

NewContext = Callable[..., BrowserContext]
NewPerson = Callable[..., Person]
NewApp = Callable[..., App]

ASKED_LONG_AGO = """UPDATE twofactor_challenge SET state = 'expired',
    created_at = datetime(created_at, '-2 days'), ended_at = datetime(created_at, '-2 days')"""

ALLOWED = ["clipboard-read", "clipboard-write", "notifications"]

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Household:
    person: Person
    app: App
    watch: Watch


@pytest.fixture(scope="session")
def push_service() -> Iterator[push_services.PushService]:
    with push_services.running() as service:
        yield service


@pytest.fixture(scope="session")
def server(push_service: push_services.PushService) -> Iterator[ServerProcess]:
    """Told of a proxy, so that each browser can have a network, and so counters, of its own.

    Its passwords are hashed as cheaply as it allows: people sign up here all the time.
    """
    settings = {
        "KAUTH_TRUSTED_PROXIES": "1",
        "KAUTH_PASSWORD_HASH_MEMORY": "19456",
        "KAUTH_PUSH_TEST_SERVICE": push_service.origin,
    }
    with site.running(**settings) as process:
        yield process


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as started:
        yield started


@contextmanager
def launched(playwright: Playwright, path: str, *flags: str) -> Iterator[Browser]:
    with playwright.chromium.launch(
        executable_path=path, args=[*chromium.OFFLINE, *QUICKLY, *flags]
    ) as browser:
        yield browser


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium_shell_path: str) -> Iterator[Browser]:
    with launched(playwright, chromium_shell_path) as browser:
        yield browser


@pytest.fixture(scope="session")
def browser_that_notifies(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    with launched(playwright, chromium_path) as browser:
        yield browser


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert watch.unexpected() == []


@pytest.fixture
def new_context(browser: Browser, watch: Watch) -> Iterator[NewContext]:
    """Makes browsers that nobody knows yet; everything they complain about fails the test."""
    with ExitStack() as stack:

        def make(**options: Any) -> BrowserContext:
            context = unknown_browser(browser, **options)
            stack.callback(context.close)
            watch.over(context)
            return context

        yield make


def unknown_browser(browser: Browser, **options: Any) -> BrowserContext:
    """The size of a phone, on a network of its own."""
    headers = {"X-Forwarded-For": f"203.0.113.{next(_numbers)}"}
    size = {"width": 390, "height": 844}
    usual = {
        "viewport": size,
        "extra_http_headers": headers,
        "reduced_motion": "reduce",  # drawing without a graphics card is slow
    }
    return browser.new_context(**{**usual, **options})


@pytest.fixture
def new_person(
    server: ServerProcess, new_context: NewContext, tmp_path: Path
) -> Iterator[NewPerson]:
    """Makes people who have not signed up yet. Options are those of their browser."""
    with ExitStack() as stack:

        def make(**options: Any) -> Person:
            number = next(_numbers)
            folder = tmp_path / str(number)
            folder.mkdir()
            phone = Phone(folder)
            stack.callback(phone.close)
            page = new_context(**options).new_page()
            return Person(page, server.origin, f"person{number}@example.org", phone)

        yield make


@pytest.fixture
def person(new_person: NewPerson) -> Person:
    return new_person()


@pytest.fixture
def member(person: Person) -> Person:
    """Somebody with a linked device, signed in, in a browser that the account knows."""
    person.has_enrolled()
    return person


@pytest.fixture
def enrolled(member: Person) -> Person:
    """The same, signed out."""
    member.open("/manager/")
    member.signs_out()
    return member


@pytest.fixture
def new_app(server: ServerProcess, new_context: NewContext) -> NewApp:
    """Makes phones with nothing in them yet. Options are those of their browser."""

    def make(**options: Any) -> App:
        return App(new_context(**options).new_page(), server.origin)

    return make


@pytest.fixture
def app(new_app: NewApp) -> App:
    return new_app()


@pytest.fixture
def computer(server: ServerProcess, phone: Page) -> Iterator[Computer]:
    """Somebody at a computer, whose account the module's `phone` is linked to."""
    with closing(Computer(server.origin)) as computer:
        computer.links(phone)
        yield computer


@pytest.fixture(scope="module")
def household(
    server: ServerProcess, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Household]:
    """One person and one phone for all tests of a module: linking takes longer than most tests."""
    with ExitStack() as stack:
        pages = []
        watch = Watch()
        for options in ({}, {"permissions": ALLOWED}):
            context = stack.enter_context(unknown_browser(browser, **options))
            watch.over(context)
            pages.append(context.new_page())
        device = stack.enter_context(closing(Phone(tmp_path_factory.mktemp("phone"))))
        person = Person(pages[0], server.origin, f"person{next(_numbers)}@example.org", device)
        person.has_signed_up()
        app = App(pages[1], server.origin)
        app.has_linked(person)
        yield Household(person, app, watch)


@pytest.fixture
def at_home(household: Household, server: ServerProcess) -> Iterator[Household]:
    """The same at the start of a test: signed out, the app at its list, and nobody asked lately."""
    server.execute(ASKED_LONG_AGO)
    household.person.page.context.clear_cookies(name="session")
    household.app.open()
    yield household
    assert household.watch.unexpected() == []
