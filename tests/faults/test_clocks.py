"""The clock of one server is off by 90 seconds: the database's clock decides."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from deploy.local.site import WebProcess
from tests.faults.conftest import Supply
from tests.faults.ledger import change
from tests.journeys.browser import Browser, Door
from tests.journeys.wire import connected, question, send_answer
from tests.services.available import leave_out
from tests.services.full import Full
from tests.services.population import Person
from tests.services.signing_in import begin, state_of, wait_for_yes


@pytest.fixture
def faketime() -> str:
    """The library that shifts a process's clock."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        leave_out("libfaketime is missing. On Debian: apt-get install faketime")
    return str(found[0])


@contextmanager
def off_by(process: WebProcess, seconds: int, faketime: str) -> Iterator[None]:
    """`process` on a server with another time; the others keep theirs."""
    before = process.environment or {}
    process.stop()
    process.environment = {
        **before,
        "LD_PRELOAD": faketime,
        "FAKETIME": f"{seconds:+d}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    process.start()
    try:
        yield
    finally:
        process.stop()
        process.environment = before
        process.start()


@pytest.mark.long
@pytest.mark.parametrize("seconds", [90, -90])
def test_d04_d17_a_server_whose_clock_is_off_lets_the_right_people_in_and_nobody_late(
    full_site: Full, supply: Supply, faketime: str, seconds: int
) -> None:
    asked, late = supply.take(2)
    process = full_site.site.sockets[1]
    with off_by(process, seconds, faketime):
        assert gets_in(full_site, process.port, asked) == "/manager/"
        assert answer_after_the_end(full_site, process.port, late) == "expired"


def gets_in(full: Full, port: int, person: Person) -> str:
    """Every step by the server that is off."""
    with closing(Browser(full.origin, door=Door(port))) as browser:
        begin(browser, person)
        with connected(full.origin, person.phone, port) as phone:
            phone.answer("approve")
            assert phone.hear()["ok"]
        wait_for_yes(browser)
        browser.press("I have answered")
        return browser.path


def answer_after_the_end(full: Full, port: int, person: Person) -> str:
    """Its time is over by the database's clock; asked of the server that is off."""
    with closing(Browser(full.origin, door=Door(port))) as browser:
        begin(browser, person)
        asked = question(full.origin, person.phone)
        over = "UPDATE twofactor_challenge SET expires_at = expires_at - interval '3 minutes'"
        assert change(full, f"{over} WHERE id = %s", asked["challenge"]) == 1
        ended = asked | {"expires": asked["expires"] - 180}
        answer = person.phone.answer_body(ended, "approve")
        assert send_answer(full.origin, answer).json()["error"] == "expired"
        browser.press("I have answered")
        assert browser.path == "/login/verify/"
        return state_of(browser)
