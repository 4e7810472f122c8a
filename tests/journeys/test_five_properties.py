"""The five properties of the main journey that hold whatever fails (docs/architecture.md)."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from tests.journeys.browser import Browser
from tests.journeys.conftest import NewMember
from tests.journeys.member import Member
from tests.journeys.wire import connected, question, send_answer, waiting_page

INSIDE = ("/manager/", "/2fa/", "/2fa/add/kauth/", "/2fa/backup-codes/", "/password/change/")
AT_ONCE = 8


def is_outside(browser: Browser) -> bool:
    """Anonymous everywhere: each page of an account leads to the login."""
    found = [browser.http.get(path).url.path for path in INSIDE]
    return set(found) == {"/login/"}


# --- 1. Nobody is signed in before the last step -------------------------------------------


def test_1_nobody_is_signed_in_before_the_last_step(wired: Member) -> None:
    browser = wired.browser
    wired.logs_in()
    assert is_outside(browser), "after the password"
    asked = question(wired.origin, wired.device)
    body = json.dumps({"challenge": asked["challenge"]}).encode()
    proof = wired.device.authorization("POST", "/device/v1/seen", body)
    httpx.post(
        f"{wired.origin}/device/v1/seen", content=body, headers={"Authorization": proof}
    ).raise_for_status()
    assert is_outside(browser), "after the question was seen"
    wired.answers("approve").raise_for_status()
    assert browser.state() == "approved"
    assert is_outside(browser), "after the YES"
    browser.press("I have answered")
    assert browser.path == "/manager/"


# --- 2. Sockets carry "look again" and ids; the row decides --------------------------------


def test_2_the_waiting_page_hears_changed_and_nothing_else(wired: Member) -> None:
    wired.logs_in()
    with waiting_page(wired.browser) as page:
        assert page.browser.waiting()["state"] == "pending"
        wired.answers("approve").raise_for_status()
        page.waits_for(lambda told: told["state"] == "approved")


def test_2_what_a_page_says_on_its_socket_decides_nothing(wired: Member) -> None:
    wired.logs_in()
    with waiting_page(wired.browser) as page:
        assert page.browser.waiting()["state"] == "pending"
        for said in ({"t": "changed", "state": "approved"}, {"type": "closed"}, "approve"):
            page.socket.send(json.dumps(said))
        wired.browser.press("I have answered")
    assert wired.browser.state() == "pending"
    assert is_outside(wired.browser)


def test_2_what_the_socket_lost_is_found_in_the_row(wired: Member) -> None:
    """Nobody listens, neither the page nor the device, and the sign-in goes on all the same."""
    wired.logs_in()
    wired.answers("approve").raise_for_status()
    wired.browser.press("I have answered")
    assert wired.browser.path == "/manager/"


# --- 3. Answered once, used once, in the session that began --------------------------------


def test_3_of_answers_at_once_one_is_taken(wired: Member) -> None:
    wired.logs_in()
    asked = question(wired.origin, wired.device)
    answer = wired.device.answer_body(asked, "approve")
    with ThreadPoolExecutor(AT_ONCE) as senders:
        sent = list(senders.map(lambda _: send_answer(wired.origin, answer), range(AT_ONCE)))
    assert sorted(one.status_code for one in sent) == [200] + [409] * (AT_ONCE - 1)
    assert {one.json()["error"] for one in sent if one.status_code == 409} == {"not_pending"}


def test_3_of_presses_at_once_one_signs_in(wired: Member) -> None:
    wired.logs_in()
    wired.answers("approve").raise_for_status()
    pressed = wired.browser.presses_at_once("I have answered", AT_ONCE)
    assert [one.headers.get("Location") for one in pressed].count("/manager/") == 1
    wired.browser.open("/manager/")
    assert wired.browser.path == "/manager/", "what came second must not sign the first out"
    assert wired.history().count("signed_in") == 2, "at the sign-up, and now"


def test_3_only_the_session_that_began_can_use_the_yes(wired: Member) -> None:
    """A second browser with the password, its own question superseded by the first one's."""
    other = wired.new_browser()
    wired.logs_in(other)
    wired.logs_in()
    wired.answers("approve").raise_for_status()
    other.press("I have answered")
    assert is_outside(other)
    wired.browser.press("I have answered")
    assert wired.browser.path == "/manager/"


# --- 4. No request and no worker waits for a person ----------------------------------------


def test_4_everything_is_answered_while_nobody_answers(wired: Member) -> None:
    """More pages wait than a server has threads, and each call still comes back at once."""
    wired.logs_in()
    with ExitStack() as stack:
        for _ in range(20):
            page = stack.enter_context(waiting_page(wired.browser))
            assert page.browser.waiting()["state"] == "pending"
        stack.enter_context(connected(wired.origin, wired.device)).hear()
        wired.browser.press("I have answered")
        assert httpx.get(f"{wired.origin}/healthz").json() == {"status": "ok"}
        question(wired.origin, wired.device)
        assert wired.browser.state() == "pending"


# --- 5. Every refusal leaves an event, and all look alike from outside ---------------------


def test_5_each_refusal_is_in_the_history_of_the_account(wired: Member) -> None:
    browser = wired.browser
    browser.open("/login/")
    browser.press("Log in", username=wired.login_id, password="wrong horse battery")
    wired.logs_in()
    asked = question(wired.origin, wired.device)
    answer = wired.device.answer_body(asked, "approve")
    send_answer(wired.origin, {**answer, "decision": "deny"})
    browser.press("I have answered")
    browser.open("/login/verify/code/")
    browser.press("Continue", code="000000")
    browser.open("/login/verify/backup-code/")
    browser.press("Continue", code="AAAA-AAAA-AAAA-AAAA")
    wired.uses_a_backup_code()
    refusals = ["password_wrong", "answer_refused", "code_wrong", "backup_code_wrong"]
    assert [kind for kind in wired.history() if kind in refusals] == refusals


def test_5_wrong_signature_unknown_device_and_foreign_question_look_alike(
    wired: Member, new_member: NewMember
) -> None:
    other = new_member()
    other.enrols_by_wire()
    other.browser.press("Log out")
    for one in (wired, other):
        one.logs_in()
    asked, foreign = (question(one.origin, one.device) for one in (wired, other))
    good = wired.device.answer_body(asked, "approve")
    spoiled = [
        {**good, "sig": "A" * 86},
        {**good, "device": "00000000-0000-4000-8000-000000000000"},
        wired.device.answer_body(foreign, "approve"),
    ]
    refused = [send_answer(wired.origin, answer) for answer in spoiled]
    assert {(one.status_code, one.text) for one in refused} == {(401, refused[0].text)}
    assert send_answer(wired.origin, good).status_code == 200


Refuse = Callable[[Member, str], object]
REFUSALS: dict[str, Refuse] = {
    "no": lambda member, number: member.answers("deny"),
    "not me": lambda member, number: member.answers("report"),
    "a wrong number": lambda member, number: member.answers("approve", f"{int(number) ^ 1:02d}"),
}


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """What the waiting page was told after each kind of refusal."""
    return {}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_5_no_not_me_and_a_wrong_number_look_alike(
    wired: Member, told: dict[str, str], refusal: str
) -> None:
    elsewhere = wired.new_browser()
    wired.logs_in(elsewhere)
    REFUSALS[refusal](wired, elsewhere.number())
    state = elsewhere.waiting()
    told[refusal] = f"{state['state']}: {state['line']}"
    assert set(told.values()) == {"denied: Not approved. Try again, or use a code."}
