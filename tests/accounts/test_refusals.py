"""D-61: unknown, inactive, wrong and throttled cannot be told apart, by page or by cost."""

import re
from collections.abc import Callable
from typing import Any

import argon2
import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpResponse

from accounts.models import Throttle, User
from tests.accounts.tries import use_up
from tests.pages import LOGIN, browser, log_in, words
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ALICE, NOBODY = "alice@example.org", "nobody@example.org"
WRONG = "wrong horse"
RESET = "/password/reset/"


def throttled() -> None:
    make_user(ALICE)
    use_up(ALICE)


# What comes before, and the password that is tried then.
REFUSALS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "unknown": (lambda: None, NOBODY, PASSWORD),
    "inactive": (lambda: make_user(ALICE, is_active=False), ALICE, PASSWORD),
    "wrong": (lambda: make_user(ALICE), ALICE, WRONG),
    "no password": (lambda: User.objects.create_user(ALICE), ALICE, PASSWORD),
    "throttled": (throttled, ALICE, PASSWORD),
    "throttled and unknown": (lambda: use_up(NOBODY), NOBODY, PASSWORD),
}


@pytest.fixture(params=REFUSALS)
def refused(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Tries to log in, and is refused for one of the reasons."""
    prepare, login_id, password = REFUSALS[request.param]
    prepare()
    return lambda: log_in(browser(), login_id, password)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each password hash that the library has computed since the last `clear()`."""
    done: list[str] = []

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            done.append(name)
            return real(*args, **kwargs)

        return call

    hashing, verifying = argon2.low_level.hash_secret, argon2.PasswordHasher.verify
    monkeypatch.setattr(argon2.low_level, "hash_secret", counted("hash", hashing))
    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted("verify", verifying))
    return done


def bare(response: HttpResponse) -> str:
    """The page without the login ID that was typed into it."""
    return re.sub(r'value="[^"]*@example.org"', "", words(response))


def test_d61_every_refusal_is_the_same_page(refused: Callable[[], Any]) -> None:
    plain, other = log_in(browser(), "somebody@example.org", WRONG), refused()
    assert "This login ID and password do not go together" in bare(plain)
    assert (other.status_code, bare(other)) == (plain.status_code, bare(plain))
    assert set(other.headers) == set(plain.headers)
    assert set(other.cookies) == set(plain.cookies) == {settings.CSRF_COOKIE_NAME}


def test_d61_every_refusal_costs_one_password_hash(
    hashes: list[str], refused: Callable[[], Any]
) -> None:
    hashes.clear()
    assert refused().status_code == 200
    assert len(hashes) == 1


def test_d61_being_let_on_costs_no_more(hashes: list[str]) -> None:
    make_user()
    hashes.clear()
    assert log_in(browser()).status_code == 302
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"username": ALICE},
        {"password": PASSWORD},
        {"username": "a" * 255, "password": PASSWORD},
        {"username": f"{ALICE}\x00", "password": PASSWORD},
        {"username": ALICE, "password": f"{PASSWORD}\x00"},
        {"username": ALICE, "password": "x" * 1025},
        {"username": ALICE, "password": "x" * 1_000_000},
    ],
)
def test_what_no_account_can_have_costs_no_hash_and_counts_for_nobody(
    hashes: list[str], fields: dict[str, str]
) -> None:
    assert browser().post(LOGIN, fields).status_code in (200, 400)
    assert hashes == []
    assert not Throttle.objects.exists()


# --- The same for a forgotten password ----------------------------------------------------


def ask(login_id: str) -> Any:
    return browser().post(RESET, {"email": login_id})


@pytest.mark.parametrize("active", [True, False])
def test_d61_a_forgotten_password_tells_nobody_who_has_an_account(active: bool) -> None:
    make_user(is_active=active)
    known, unknown = ask(ALICE), ask(NOBODY)
    assert (known.status_code, words(known)) == (unknown.status_code, words(unknown))
    assert set(known.headers) == set(unknown.headers)
    assert set(known.cookies) == set(unknown.cookies)


def test_d61_asking_too_often_looks_the_same_for_all() -> None:
    make_user()
    for _ in range(5):
        browser(address="192.0.2.1").post(RESET, {"email": ALICE})
        browser(address="192.0.2.2").post(RESET, {"email": NOBODY})
    known, unknown = ask(ALICE), ask(NOBODY)
    assert known.status_code == unknown.status_code == 429
    assert int(known.headers["Retry-After"]) > 0
    digits = re.compile(r"\d+")
    assert digits.sub("", words(known)) == digits.sub("", words(unknown))


def test_only_an_active_account_is_written_to(
    mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    make_user(ALICE)
    make_user("gone@example.org", is_active=False)
    with django_capture_on_commit_callbacks(execute=True):
        for login_id in (ALICE, "gone@example.org", NOBODY):
            ask(login_id)
    assert [mail.to for mail in mailoutbox] == [[ALICE]]
