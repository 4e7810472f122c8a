"""The question on the phone: YES, NO, not me, a number; and when it is not shown any more."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.app import App
from tests.browser.conftest import Household, NewApp, NewContext, NewPerson
from tests.browser.gallery import PHONE, resize
from tests.browser.person import Person
from tests.services.server import ServerProcess

IS_IN_SIGHT = """(words) => {
    const { x, bottom } = words.getBoundingClientRect();
    return words.contains(document.elementFromPoint(x + 1, bottom - 1));
}"""

Change = Callable[[dict[str, Any]], dict[str, Any]]

# What the question says of its sending when the page is hidden, its own listener first.
LAST_WORDS = """() => document.addEventListener("visibilitychange", () => {
    sessionStorage.lastWords = document.querySelector('[data-step="why"] [data-line]').textContent;
})"""


@pytest.fixture
def person(at_home: Household) -> Person:
    """Somebody whose only device is the app, at a browser that the account knows, signed out."""
    return at_home.person


@pytest.fixture
def app(at_home: Household) -> App:
    return at_home.app


def test_a_yes_takes_the_login_page_on_by_itself_to_where_the_person_wanted(
    person: Person, app: App
) -> None:
    person.passes_the_password(on_the_way_to="/2fa/")
    for fact in ("Account manager", "localhost", person.login_id, "Chrome on Linux", "203.0.113."):
        expect(app.question).to_contain_text(fact)
    person.reads("On screen at")
    app.answers("YES")
    app.reads("YES is sent")
    person.is_at("/2fa/")
    app.press("Done")
    expect(app.question).to_be_hidden()


def test_a_no_asks_who_it_was_and_keeps_the_sign_in_out(person: Person, app: App) -> None:
    person.passes_the_password()
    app.answers("NO")
    app.reads("Either answer sends your NO")
    app.reads_no_more("nobody gets in")
    app.answers("I stopped it myself")
    app.reads("NO is sent. Nobody gets in")
    person.reads("Not approved")


def test_a_number_is_typed_on_the_phone_before_yes_counts(
    person: Person, app: App, new_context: NewContext
) -> None:
    stranger = person.with_browser(new_context())
    stranger.passes_the_password()
    expect(app.question).to_contain_text("new to your account")
    field = app.page.get_by_label("Type the 2 digits")
    expect(field).to_be_focused()
    assert field.get_attribute("inputmode") == "numeric"
    app.page.set_viewport_size({"width": 360, "height": 320})  # what the keyboard leaves
    app.press("YES")
    words = app.question.get_by_text("The number comes first").filter(visible=True)
    expect(words).to_be_visible()
    assert words.evaluate(IS_IN_SIGHT)
    resize(app.page, PHONE)
    field.fill(stranger.number())
    app.press("YES")
    stranger.is_at("/manager/")


def test_a_wrong_number_ends_the_request(person: Person, app: App, new_context: NewContext) -> None:
    stranger = person.with_browser(new_context())
    stranger.passes_the_password()
    app.page.get_by_label("Type the 2 digits").fill("10" if stranger.number() != "10" else "11")
    app.press("YES")
    app.reads("That was another number")
    stranger.reads("Not approved")


def test_of_two_phones_the_first_answer_wins_and_the_other_says_who_gave_it(
    person: Person, app: App, new_app: NewApp
) -> None:
    other = new_app(user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)")
    person.passes_the_password()
    app.answers("YES")
    person.is_at("/manager/")
    other.has_linked(person)
    person.signs_out()
    person.passes_the_password()
    expect(app.question).to_be_visible()
    other.answers("YES")
    person.is_at("/manager/")
    app.reads("Answered YES on “iPhone”")
    expect(app.page.get_by_role("button", name="YES")).to_be_hidden()


def test_a_request_that_is_cancelled_is_not_asked_any_more(person: Person, app: App) -> None:
    person.passes_the_password()
    expect(app.question).to_be_visible()
    person.press("Cancel")
    app.reads("It was cancelled on the login page")


def test_a_reload_in_the_middle_asks_again(person: Person, app: App) -> None:
    """And says nothing on its way out, which would be heard or not."""
    person.passes_the_password()
    app.answers("NO")
    app.page.evaluate(LAST_WORDS)
    app.page.reload()
    assert app.page.evaluate("sessionStorage.lastWords") == ""
    app.answers("YES")
    person.is_at("/manager/")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("context", lambda text: text.replace("Chrome", "Firefox")),
        ("expires", lambda time: time + 1),
        ("match", lambda _: "number"),
    ],
)
def test_d11_a_request_with_one_thing_altered_is_never_shown(
    person: Person, app: App, name: str, change: Callable[[Any], Any]
) -> None:
    line = TappedLine(app.page, lambda told: told | {name: change(told[name])})
    person.passes_the_password()
    line.waits_for_requests(1)
    person.press("Send again")
    expect(app.question).to_be_visible()
    person.reads("On screen at")
    assert line.on_screen == line.requests[1:]


def test_it_was_not_me_is_told_by_mail_and_wants_a_new_password(
    new_person: NewPerson, new_app: NewApp, server: ServerProcess
) -> None:
    person, app = new_person(), new_app()
    person.has_signed_up()
    app.has_linked(person)
    person.page.context.clear_cookies(name="session")
    person.passes_the_password()
    app.answers("NO", "It was not me")
    app.reads("Change your password")
    person.reads("Not approved")
    mail = server.wait_for_output("Somebody tried to log in as you")
    assert f"To: {person.login_id}" in mail[mail.index("Somebody tried to log in as you") :]


class TappedLine:
    """From the next opening on, somebody changes the first request that comes to the app."""

    def __init__(self, page: Page, change: Change) -> None:
        self.requests: list[str] = []
        self.on_screen: list[str] = []
        self._page = page
        self._change = change
        page.route_web_socket(re.compile("/ws/device/"), self._pass_on)
        page.reload()

    def waits_for_requests(self, count: int) -> None:
        while len(self.requests) < count:
            self._page.wait_for_timeout(20)

    def _pass_on(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def to_the_app(message: str | bytes) -> None:
            told = json.loads(message)
            if told["t"] == "request":
                self.requests.append(told["challenge"])
                told = self._change(told) if len(self.requests) == 1 else told
            socket.send(json.dumps(told))

        def to_the_server(message: str | bytes) -> None:
            told = json.loads(message)
            if told["t"] == "seen":
                self.on_screen.append(told["challenge"])
            server.send(message)

        server.on_message(to_the_app)
        socket.on_message(to_the_server)
