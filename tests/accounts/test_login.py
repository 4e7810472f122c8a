"""The pending login: no session before both factors, and a new key at each step (D-65, D-66)."""

import hashlib
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session as StockSession
from django.db.models import F
from django.utils import timezone

from accounts.models import Session, User
from accounts.sessions import SessionStore, stored
from tests.linked import Linked
from tests.pages import (
    MANAGER,
    START_AGAIN,
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    session_key,
    sign_in,
    signed_in_as,
    two_factor_browser,
    with_session,
)
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

VERIFY = "/login/verify/"


# --- After the password -------------------------------------------------------------------


def test_d65_the_right_password_alone_signs_nobody_in(alice: Linked) -> None:
    visitor = browser()
    assert log_in(visitor).headers["Location"] == VERIFY
    assert signed_in_as(visitor) is None
    assert visitor.get(MANAGER).headers["Location"] == f"/login/?next={MANAGER}"


def test_d65_no_session_holds_a_password(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    kept = [SessionStore().decode(row.session_data) for row in Session.objects.all()]
    assert kept
    assert PASSWORD not in str(kept)
    assert alice.user.password not in str(kept)


@pytest.mark.parametrize("page", [VERIFY, "/login/verify/code/", "/login/verify/backup-code/"])
def test_the_second_step_is_closed_to_who_has_not_passed_the_first(page: str) -> None:
    make_user()
    for send in (browser().get, browser().post):
        assert send(page).headers["Location"] == START_AGAIN


def test_an_empty_second_step_signs_nobody_in(alice: Linked) -> None:
    """The fault of authentik CVE-2026-49448."""
    visitor = browser()
    log_in(visitor)
    for page in (VERIFY, "/login/verify/code/", "/login/verify/backup-code/"):
        visitor.post(page, {})
        assert signed_in_as(visitor) is None


def spoil(user: User, **fields: Any) -> None:
    User.objects.filter(pk=user.pk).update(**fields)


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"security_epoch": F("security_epoch") + 1}, {"password": "!"}]
)
def test_a_pending_login_ends_with_what_it_was_begun_on(
    alice: Linked, change: dict[str, Any]
) -> None:
    visitor = browser()
    log_in(visitor)
    spoil(alice.user, **change)
    assert pass_second_factor(visitor, alice.user).headers["Location"] == START_AGAIN
    assert signed_in_as(visitor) is None


def test_a_pending_login_ends_after_ten_minutes(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    session = visitor.session
    pending = session["pending_login"]
    assert 595 < pending["until"] - time.time() <= 600
    session["pending_login"] = {**pending, "until": time.time()}
    session.save()
    assert pass_second_factor(visitor, alice.user).headers["Location"] == START_AGAIN


def test_logging_out_ends_a_pending_login(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    visitor.post("/logout/")
    assert visitor.get(VERIFY).headers["Location"] == START_AGAIN


def test_a_second_person_at_the_same_browser_takes_nothing_over(alice: Linked) -> None:
    make_user("mallory@example.org")
    visitor = browser()
    sign_in(visitor, "mallory@example.org")
    log_in(visitor)
    assert signed_in_as(visitor) is None
    pass_second_factor(visitor, alice.user)
    assert signed_in_as(visitor) == str(alice.user.pk)


# --- New keys (D-66) ----------------------------------------------------------------------


def test_d66_a_planted_cookie_is_worth_nothing_after_the_login(alice: Linked) -> None:
    planted = browser()
    make_user("mallory@example.org")
    log_in(planted, "mallory@example.org")
    victim = with_session(session_key(planted))
    log_in(victim)
    assert planted.get(VERIFY).headers["Location"] == START_AGAIN
    pass_second_factor(victim, alice.user)
    assert is_signed_in(victim)
    assert not is_signed_in(with_session(session_key(planted)))


def test_d66_a_made_up_session_key_is_never_taken(alice: Linked) -> None:
    victim = with_session("x" * 32)
    log_in(victim)
    assert session_key(victim) != "x" * 32


def test_d66_the_key_of_the_pending_login_dies_with_it(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    before = session_key(visitor)
    pass_second_factor(visitor, alice.user)
    assert session_key(visitor) != before
    assert not Session.objects.filter(session_key=stored(before)).exists()


def test_d66_a_step_up_gives_a_new_key_and_ends_the_old_one(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    before = session_key(visitor)
    visitor.post("/login/again/")
    pass_second_factor(visitor, alice.user)
    assert is_signed_in(visitor)
    assert session_key(visitor) != before
    assert not is_signed_in(with_session(before))


def test_d66_signing_in_again_as_the_same_person_gives_a_new_key() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    before = session_key(visitor)
    sign_in(visitor)
    assert session_key(visitor) != before
    assert not is_signed_in(with_session(before))


def test_d66_of_two_session_cookies_one_counts_and_no_third_is_made_of_them() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    both = f"session=planted-planted-planted; session={session_key(visitor)}"
    assert browser().get(MANAGER, headers={"cookie": both}).status_code == 200
    turned = f"session={session_key(visitor)}; session=planted-planted-planted"
    assert browser().get(MANAGER, headers={"cookie": turned}).status_code == 302


# --- The table (D-73) ---------------------------------------------------------------------


def test_d73_the_table_holds_no_cookie(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    cookie = session_key(visitor)
    row = Session.objects.get()
    assert row.session_key == hashlib.sha256(cookie.encode()).hexdigest()
    assert cookie not in row.session_data
    assert not is_signed_in(with_session(row.session_key))


def test_d73_the_stock_table_is_not_used() -> None:
    assert Session.get_session_store_class() is SessionStore
    assert Session._meta.db_table != StockSession._meta.db_table


def test_an_overdue_session_is_none_and_is_cleared_away() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_signed_in(visitor)
    SessionStore.clear_expired()
    assert not Session.objects.filter(expire_date__lt=timezone.now()).exists()


def test_d69_a_cookie_from_before_the_logout_is_worth_nothing() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    cookie = session_key(visitor)
    visitor.post("/logout/")
    assert not is_signed_in(with_session(cookie))


async def test_a_socket_reads_and_ends_the_same_sessions(transactional_db: None) -> None:
    store = SessionStore()
    store["about"] = "a socket"
    await store.acreate()
    await store.asave()
    key = store.session_key or ""
    assert await SessionStore(key).aget("about") == "a socket"
    assert await store.aexists(key)
    await store.adelete(key)
    assert not await store.aexists(key)
    assert await SessionStore(key).aget("about") is None


# --- Two tabs ------------------------------------------------------------------------------


def test_the_tab_that_comes_second_does_not_sign_the_first_out(alice: Linked) -> None:
    """Both send the cookie of the pending login. The answer to the second must set no other one."""
    visitor = browser()
    log_in(visitor)
    second = with_session(session_key(visitor))
    pass_second_factor(visitor, alice.user)
    late = second.get(VERIFY)
    assert late.headers["Location"] == START_AGAIN
    assert not late.cookies
    assert visitor.get(START_AGAIN).headers["Location"] == MANAGER


def test_whoever_starts_again_is_told_why() -> None:
    assert "This sign-in took too long" in browser().get(START_AGAIN).content.decode()
