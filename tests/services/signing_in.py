"""A person without script signs in, as often as wanted, and says what came of it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import httpx

from tests.journeys.browser import Browser
from tests.services.population import PASSWORD, Person

PATIENCE = 30
ASK_EVERY = 0.1


def sign_in(origin: str, person: Person) -> str:
    """Password, wait for the phone's YES, go on: the path where the browser ends up."""
    with closing(Browser(origin)) as browser:
        begin(browser, person)
        wait_for_yes(browser)
        browser.press("I have answered").raise_for_status()
        return browser.path


def sign_in_by_code(origin: str, person: Person) -> str:
    return _by_typing(origin, person, "/login/verify/code/", person.code())


def sign_in_by_backup_code(origin: str, person: Person) -> str:
    return _by_typing(origin, person, "/login/verify/backup-code/", person.backup_codes.pop())


def _by_typing(origin: str, person: Person, page: str, code: str) -> str:
    with closing(Browser(origin)) as browser:
        begin(browser, person)
        browser.open(page)
        browser.press("Continue", code=code)
        return browser.path


def gets_in_without_an_answer(origin: str, person: Person) -> bool:
    """Tries what somebody would who has the password alone."""
    with closing(Browser(origin)) as browser:
        begin(browser, person)
        browser.press("I have answered")
        browser.open("/manager/")
        return browser.path == "/manager/"


def begin(browser: Browser, person: Person) -> None:
    browser.open("/login/")
    browser.press("Log in", username=person.login_id, password=PASSWORD)
    assert browser.path == "/login/verify/", browser.text


def wait_for_yes(browser: Browser, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while state_of(browser) != "approved":
        assert time.monotonic() < deadline, f"still {state_of(browser)}"
        time.sleep(ASK_EVERY)


def state_of(browser: Browser) -> str:
    """ "" when the server cannot tell; the page's script asks again then, too."""
    answer = browser.http.get("/login/verify/state/")
    return str(answer.json()["state"]) if answer.is_success else ""


@dataclass
class Tally:
    """Where sign-ins ended up, and what went wrong on the way."""

    paths: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> int:
        return self.paths.count("/manager/")


@contextmanager
def everybody_signing_in(origin: str, people: list[Person]) -> Iterator[Tally]:
    """While the block runs each of `people` signs in, again and again."""
    over, tally = threading.Event(), Tally()

    def again_and_again(person: Person) -> None:
        while not over.is_set():
            try:
                tally.paths.append(sign_in(origin, person))
            except (AssertionError, httpx.HTTPError) as error:
                tally.problems.append(f"{person.login_id}: {error!r}")

    with ThreadPoolExecutor(len(people)) as pool:
        for person in people:
            pool.submit(again_and_again, person)
        try:
            yield tally
        finally:
            over.set()
