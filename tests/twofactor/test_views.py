"""The second step of a sign-in, from every state and with everything that a browser can send."""

from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import clock
from accounts.models import KnownBrowser
from devices import one_time_codes
from tests.linked import Linked
from tests.pages import (
    MANAGER,
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    session_key,
    signed_in_as,
    with_session,
)
from tests.twofactor.asking import answer
from twofactor import methods
from twofactor.models import Challenge, State

pytestmark = pytest.mark.django_db

VERIFY = "/login/verify/"
CODE, BACKUP = f"{VERIFY}code/", f"{VERIFY}backup-code/"


@pytest.fixture
def desk(alice: Linked) -> Client:
    """A browser on the waiting page, whose question is open."""
    visitor = browser()
    log_in(visitor)
    visitor.get(VERIFY)
    return visitor


def question() -> Challenge:
    return Challenge.objects.latest("created_at")


def approve(person: Linked) -> None:
    challenge = question()
    answer(person, challenge, number=challenge.number)


def code_now(person: Linked) -> str:
    return code_at(person, clock.now().timestamp())


def code_at(person: Linked, moment: float) -> str:
    return one_time_codes.at(one_time_codes.secret_of(person.row), int(moment) // 30)


# --- Nothing but an approval lets in (D-21) -------------------------------------------------

EMPTY: list[dict[str, str]] = [{}, {"code": " ", "next": "/manager/"}]
PAGES = (VERIFY, CODE, BACKUP, f"{VERIFY}state/", f"{VERIFY}again/")


@pytest.mark.parametrize("state", [state for state in State if state != State.APPROVED])
def test_d21_whatever_is_sent_in_whatever_state_nobody_gets_in(desk: Client, state: State) -> None:
    Challenge.objects.update(state=state, redeem_until=clock.now() + site.KAUTH_REDEEM_LIFETIME)
    for path in PAGES:
        for fields in EMPTY:
            desk.post(path, fields)
        desk.get(path)
        assert signed_in_as(desk) is None, path
    assert not is_signed_in(desk)


def test_d21_a_yes_passes_through_the_one_page_that_asks_for_it(
    alice: Linked, desk: Client
) -> None:
    approve(alice)
    for path in (CODE, BACKUP, f"{VERIFY}state/"):
        desk.post(path, {"code": ""})
        desk.get(path)
    desk.get(VERIFY)
    assert not is_signed_in(desk)
    assert desk.post(VERIFY).headers["Location"] == MANAGER
    assert is_signed_in(desk)


def test_d21_send_again_does_away_with_a_yes(alice: Linked, desk: Client) -> None:
    approve(alice)
    desk.post(f"{VERIFY}again/")
    desk.post(VERIFY)
    assert not is_signed_in(desk)


def test_d06_the_cookie_of_another_pending_login_has_no_use_of_the_yes(
    alice: Linked, desk: Client
) -> None:
    thief = browser()
    log_in(thief)
    approve(alice)
    thief.post(VERIFY, {"challenge": question().pk})
    assert not is_signed_in(thief)
    desk.post(VERIFY)
    assert is_signed_in(desk)


def test_d23_after_the_session_is_flushed_its_yes_is_void(alice: Linked, desk: Client) -> None:
    approve(alice)
    kept = with_session(session_key(desk))
    desk.post("/logout/")
    kept.post(VERIFY)
    assert not is_signed_in(kept)


def test_d23_after_cancel_its_yes_is_void(alice: Linked, desk: Client) -> None:
    approve(alice)
    kept = with_session(session_key(desk))
    desk.post(f"{VERIFY}cancel/")
    kept.post(VERIFY)
    assert not is_signed_in(kept)


# --- A pending login reaches none of the settings (D-34) ------------------------------------


def addresses(patterns: list[Any], prefix: str = "/") -> list[str]:
    """Every address of the site, with something that fits where it takes a value."""
    found = []
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            found += addresses(one.url_patterns, route)
        elif isinstance(one, URLPattern) and "^" not in route:
            found.append(filled(route))
    return found


def filled(route: str) -> str:
    values = {"<uuid:": "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "<int:": "1", "<": "x"}
    while "<" in route:
        start = route.index("<")
        value = next(text for kind, text in values.items() if route[start:].startswith(kind))
        route = route[:start] + value + route[route.index(">", start) + 1 :]
    return route


# What strangers may open, or what answers devices by their signatures alone.
OPEN = (
    *("/login/", "/logout/", "/signup/", "/password/reset/", "/device/", "/app/"),
    *("/static/", "/healthz", "/readyz", "/csp-report"),
    # What a mailed link opens, and only with that link.
    *("/2fa/veto/", "/address/", "/not-me/"),
)


def test_d34_a_pending_login_opens_no_page_of_an_account(desk: Client) -> None:
    everywhere = addresses(get_resolver().url_patterns)
    closed = [path for path in everywhere if not path.startswith(OPEN)]
    assert {"/manager/", "/2fa/", "/2fa/add/kauth/", "/2fa/backup-codes/"} <= set(closed)
    for path in closed:
        response = desk.get(path, follow=True)
        # Some take no GET, some tell strangers that there is nothing; all others lead to the login.
        at_the_login = response.request["PATH_INFO"].startswith("/login/")
        assert at_the_login or response.status_code in (404, 405), path
    assert signed_in_as(desk) is None


# --- Other ways in --------------------------------------------------------------------------


def test_a_code_of_the_device_signs_in_and_takes_the_question_back(
    alice: Linked, desk: Client
) -> None:
    assert desk.post(CODE, {"code": code_now(alice)}).headers["Location"] == MANAGER
    assert is_signed_in(desk)
    assert question().state == State.CANCELLED


def test_a_code_may_be_typed_as_the_app_shows_it(alice: Linked, desk: Client) -> None:
    code = code_now(alice)
    desk.post(CODE, {"code": f"{code[:3]} {code[3:]}"})
    assert is_signed_in(desk)


def test_d47_no_time_of_the_callers_counts(alice: Linked, desk: Client) -> None:
    """A code of an hour ago, with everything that might make the server believe in that hour."""
    then = int(clock.now().timestamp()) - 3600
    code = code_at(alice, then)
    times = {"time": str(then), "t": str(then), "drift": "-120", "step": str(then // 30)}
    for path in (CODE, f"{CODE}?time={then}&drift=-120"):
        sent = desk.post(
            path,
            {"code": code, **times},
            headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT", "X-Time": str(then)},
        )
        assert "This code does not fit" in sent.content.decode()
    assert not is_signed_in(desk)


def test_d72_a_browser_that_is_known_still_passes_the_second_step(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    pass_second_factor(visitor, alice.user)
    visitor.post("/logout/")
    assert KnownBrowser.objects.filter(user=alice.user).exists()
    assert log_in(visitor).headers["Location"] == VERIFY
    assert not is_signed_in(visitor)
    visitor.get(VERIFY)
    assert question().match == "tap", "it spares the number and nothing else"


def test_d96_after_a_reset_the_code_page_is_not_offered(alice: Linked) -> None:
    code = methods.reset(alice.user, by="a test")
    visitor = browser()
    log_in(visitor)
    assert visitor.get(CODE).headers["Location"] == VERIFY
    assert visitor.get(VERIFY).headers["Location"] == BACKUP
    assert "Help-desk code" in visitor.get(BACKUP).content.decode()
    visitor.post(BACKUP, {"code": code})
    assert visitor.get(MANAGER).headers["Location"] == "/2fa/"


def test_cancel_leads_back_to_the_login(desk: Client) -> None:
    assert desk.post(f"{VERIFY}cancel/").headers["Location"] == "/login/"
    assert question().state == State.CANCELLED
    assert desk.get(f"{VERIFY}state/").json()["state"] == "over"


@pytest.mark.parametrize("page", ["again/", "cancel/"])
def test_d101_a_link_presses_no_button(desk: Client, page: str) -> None:
    assert desk.get(VERIFY + page).status_code == 405
    assert question().state == State.PENDING
