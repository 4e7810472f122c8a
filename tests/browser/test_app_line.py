"""The line of one account, in Chromium: its socket, what it believes, and how it comes back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute

from tests.browser.computer import Computer
from tests.browser.conftest import NewContext
from tests.browser.library import run
from tests.browser.waiting import until
from tests.browser.watch import Watch
from tests.services.server import ServerProcess

Spoil = Callable[[dict[str, Any]], None]

LISTEN = """
    const [account] = await vault.accounts();
    window.told = [];
    window.line = new listener.Listener(account);
    for (const kind of ["state", "request", "closed", "revoked"]) {
      line.addEventListener(kind, ({ detail }) => told.push([kind, detail?.challenge ?? detail]));
    }
    line.start();
"""


@pytest.fixture
def phone(server: ServerProcess, new_context: NewContext) -> Page:
    page = new_context().new_page()
    page.goto(f"{server.origin}/login/")
    return page


def is_told(phone: Page, kind: str, times: int = 1) -> None:
    phone.wait_for_function(
        "([kind, times]) => told.filter(([one]) => one === kind).length >= times", arg=[kind, times]
    )


def is_in(phone: Page, state: str) -> None:
    phone.wait_for_function("(state) => line.state === state", arg=state)


def spoiled_on_the_way(phone: Page, kind: str, spoil: Spoil) -> None:
    """Whatever the server says of this `kind` is changed by somebody in between, or emptied."""

    def between(page: WebSocketRoute) -> None:
        server = page.connect_to_server()

        def from_server(text: str | bytes) -> None:
            message = json.loads(text)
            if message["t"] == kind:
                spoil(message)
            if message:
                page.send(json.dumps(message))

        server.on_message(from_server)

    phone.route_web_socket("**/ws/device/", between)


def test_a_question_comes_once_and_leaves_when_it_is_over(computer: Computer, phone: Page) -> None:
    run(phone, LISTEN)
    is_in(phone, "online")
    computer.asks()
    is_told(phone, "request")
    phone.evaluate("() => dispatchEvent(new Event('online'))")  # it asks again
    computer.press("Cancel")
    is_told(phone, "closed")
    told = phone.evaluate("() => told")
    assert [kind for kind, _ in told] == ["state", "state", "request", "closed"]
    assert told[2][1] == told[3][1]


def test_d30_a_server_that_cannot_prove_itself_is_not_believed(
    computer: Computer, phone: Page
) -> None:
    spoiled_on_the_way(phone, "ready", lambda message: message.update(time=message["time"] + 1))
    computer.asks()
    run(phone, LISTEN)
    is_in(phone, "away")
    assert phone.evaluate("() => told.map(([kind]) => kind)") == ["state", "state"]


def test_d11_a_question_with_one_letter_changed_is_not_shown(
    computer: Computer, phone: Page
) -> None:
    changed: list[str] = []

    def another_login(message: dict[str, Any]) -> None:
        message["context"] = message["context"].replace("rung", "ring")
        changed.append(message["challenge"])

    spoiled_on_the_way(phone, "request", another_login)
    run(phone, LISTEN)
    is_in(phone, "online")
    computer.asks()
    until(phone, lambda: changed, "The question")
    computer.press("Cancel")
    is_told(phone, "closed")
    assert "request" not in phone.evaluate("() => told.map(([kind]) => kind)")


def test_a_line_that_breaks_comes_back_with_what_was_asked_meanwhile(
    computer: Computer, phone: Page
) -> None:
    opened: list[WebSocketRoute] = []

    def between(page: WebSocketRoute) -> None:
        page.connect_to_server()
        opened.append(page)

    phone.route_web_socket("**/ws/device/", between)
    run(phone, LISTEN)
    is_in(phone, "online")
    opened[0].close()
    is_in(phone, "away")
    computer.asks()
    phone.evaluate("() => dispatchEvent(new Event('online'))")
    is_told(phone, "request")
    assert len(opened) == 2


def test_a_line_on_which_nothing_comes_back_is_given_up(computer: Computer, phone: Page) -> None:
    spoiled_on_the_way(phone, "pong", dict.clear)
    phone.clock.install()
    run(phone, LISTEN)
    is_in(phone, "online")
    phone.clock.fast_forward(21_000)
    phone.clock.fast_forward(21_000)
    is_in(phone, "away")


def test_a_device_that_is_removed_hears_it_at_once(computer: Computer, phone: Page) -> None:
    device = run(phone, "return (await vault.accounts())[0].device;")
    run(phone, LISTEN)
    is_in(phone, "online")
    computer.open(f"/2fa/devices/{device}/remove/")
    computer.press("Remove")
    is_told(phone, "revoked")
    assert phone.evaluate("() => line.state") == "off"


def test_a_phone_with_a_wrong_clock_is_set_right_by_the_server(
    computer: Computer, phone: Page, watch: Watch
) -> None:
    watch.expect("401 (Unauthorized)")
    offset = run(
        phone,
        """
        const [account] = await vault.accounts();
        await vault.change(account, { clockOffset: 3600 });
        const { state } = await calls.call(account, "GET", "/device/v1/device");
        return [state, Math.abs((await vault.account(account.device)).clockOffset) < 5];
        """,
    )
    assert offset == ["active", True]
