"""Guessing passwords: what is counted, for whom, and whom it never shuts out (D-57 to D-64)."""

import hashlib
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import passwords
from accounts.hashers import SitePasswordHasher
from accounts.models import EventKind, SecurityEvent, Throttle, User
from accounts.throttling import Throttled
from accounts.visitors import Visitor
from tests.accounts.tries import use_up, use_up_network
from tests.linked import Linked
from tests.pages import browser, log_in, pass_second_factor, sign_in, signed_in_as
from tests.people import PASSWORD, VISITOR, make_user

pytestmark = pytest.mark.django_db

ALICE, MALLORY = "alice@example.org", "mallory@example.org"
WRONG = "wrong horse"
HOME, STRANGER = "198.51.100.1", "192.0.2.66"
SPELLINGS = [
    "alice@example.org",
    "ALICE@EXAMPLE.ORG",
    "ａlice@example.org",
    "\u3000alice@example.org ",
]


def let_on(response: Any) -> bool:
    return bool(response.status_code == 302)


def known_browser(person: Linked) -> Client:
    """A browser in which both factors were passed, as a person passes them."""
    visitor = browser(address=HOME)
    log_in(visitor, person.user.login_id)
    assert let_on(pass_second_factor(visitor, person.user))
    return visitor


def tries(route: str) -> dict[str, int]:
    """The counters of a route, and what each has counted."""
    found = Throttle.objects.filter(key__startswith=route)
    return dict(found.values_list("key", "failures"))


def use_up_as_far_as_allowed(address: str) -> None:
    with suppress(Throttled):
        use_up(ALICE, address=address)


def events() -> list[tuple[str, str]]:
    return list(SecurityEvent.objects.order_by("id").values_list("kind", "login_id"))


# --- The check itself ---------------------------------------------------------------------


def check(login_id: str = ALICE, password: str = PASSWORD) -> User:
    return passwords.check(login_id=login_id, password=password, visitor=VISITOR)


def test_the_right_password_gives_its_user() -> None:
    user = make_user()
    assert check() == user


@pytest.mark.parametrize(
    "password",
    ["", WRONG, f"{PASSWORD} ", PASSWORD.upper(), PASSWORD.replace("o", "ο"), f"{PASSWORD}\x00"],
)
def test_any_other_password_is_not_right(password: str) -> None:
    make_user()
    with pytest.raises(passwords.NotRight):
        check(password=password)
    assert events() == [(EventKind.PASSWORD_WRONG, ALICE)]


def test_the_stored_hash_is_no_password() -> None:
    user = make_user()
    with pytest.raises(passwords.NotRight):
        check(password=user.password)


def test_d104_a_password_is_kept_as_argon2id(monkeypatch: pytest.MonkeyPatch) -> None:
    # In other tests a hash costs next to nothing.
    monkeypatch.setattr(SitePasswordHasher, "memory_cost", settings.KAUTH_PASSWORD_HASH_MEMORY)
    cost = f"m={settings.KAUTH_PASSWORD_HASH_MEMORY},t=1,p=1"
    assert make_user().password.startswith(f"argon2$argon2id$v=19${cost}$")


def test_d100_what_was_typed_for_an_unknown_account_is_written_nowhere() -> None:
    with pytest.raises(passwords.NotRight):
        check(login_id="my password by mistake", password=WRONG)
    assert events() == [(EventKind.PASSWORD_WRONG, "")]
    assert "mistake" not in str([*Throttle.objects.values(), *SecurityEvent.objects.values()])


def test_a_stolen_table_does_not_confirm_what_was_typed() -> None:
    """People type passwords into the first field; a plain digest of one is soon guessed."""
    with pytest.raises(passwords.NotRight):
        check(login_id="hunter22", password=WRONG)
    digests = {hashlib.new(name, b"hunter22").hexdigest() for name in ("md5", "sha1", "sha256")}
    assert not any(digest in key for digest in digests for key in tries("password:"))


# --- One counter an account (D-57) --------------------------------------------------------


def test_d57_every_spelling_of_a_login_id_is_counted_as_one() -> None:
    make_user()
    for _ in range(3):
        for spelling in SPELLINGS:
            log_in(browser(), spelling, WRONG)
    assert list(tries("password:account:").values()) == [10]
    assert not let_on(log_in(browser(), SPELLINGS[2]))


def test_d58_the_eleventh_try_is_not_judged_though_it_is_right() -> None:
    make_user()
    for _ in range(9):
        assert not let_on(log_in(browser(), ALICE, WRONG))
    assert let_on(log_in(browser()))
    use_up(ALICE)
    assert not let_on(log_in(browser()))
    assert events()[-1] == (EventKind.THROTTLED, ALICE)


def test_d57_a_network_that_tries_many_accounts_is_slowed_down() -> None:
    make_user()
    use_up_network(STRANGER)
    assert not let_on(log_in(browser(address=STRANGER)))
    assert let_on(log_in(browser(address=HOME)))


def test_d57_one_customer_with_many_ipv6_addresses_is_one_network() -> None:
    for last in range(5):
        log_in(browser(address=f"2001:db8:0:1::{last}"), f"{last}@example.org", WRONG)
    assert tries("password:network:") == {"password:network:2001:db8:0:1::/64": 5}


def test_d57_unknown_accounts_are_counted_too() -> None:
    log_in(browser(), "nobody@example.org", WRONG)
    assert list(tries("password:account:").values()) == [1]


# --- Success (D-59) -----------------------------------------------------------------------


def test_d59_an_own_success_between_guesses_resets_nothing_of_the_network() -> None:
    make_user(MALLORY)
    use_up_network(STRANGER)
    Throttle.objects.update(blocked_until=timezone.now())
    before = tries("password:network:")
    assert let_on(log_in(browser(address=STRANGER), MALLORY))
    assert tries("password:network:") == before
    log_in(browser(address=STRANGER), ALICE, WRONG)
    assert not let_on(log_in(browser(address=STRANGER), MALLORY))


def test_d59_an_own_success_resets_nothing_of_another_account() -> None:
    make_user(MALLORY)
    use_up(ALICE)
    log_in(browser(), MALLORY)
    assert sorted(tries("password:account:").values()) == [0, 10]


def test_d59_a_success_in_a_known_browser_leaves_the_accounts_own_counter(alice: Linked) -> None:
    """Else each sign-in of the person would give a stranger ten more guesses."""
    visitor = known_browser(alice)
    use_up(ALICE)
    assert let_on(log_in(visitor))
    assert list(tries("password:account:").values()) == [10]


# --- Nobody is shut out (D-60) ------------------------------------------------------------


def test_d60_a_flood_from_fifty_networks_leaves_the_known_browser_alone(alice: Linked) -> None:
    visitor = known_browser(alice)
    visitor.post("/logout/")
    for number in range(50):
        use_up_as_far_as_allowed(f"192.0.2.{number}")
    assert not let_on(log_in(browser(address=HOME)))
    assert let_on(log_in(visitor))


def test_d60_a_known_browser_has_ten_tries_of_its_own(alice: Linked) -> None:
    visitor = known_browser(alice)
    for _ in range(10):
        log_in(visitor, ALICE, WRONG)
    assert not let_on(log_in(visitor))
    assert let_on(log_in(browser()))


def test_d60_the_known_browser_of_one_account_is_none_of_another(alice: Linked) -> None:
    make_user(MALLORY)
    visitor = known_browser(alice)
    log_in(visitor, MALLORY, WRONG)
    assert list(tries("password:account:").values()) == [0, 1]


def test_d60_the_longest_wait_is_a_quarter_of_an_hour_and_no_account_is_locked() -> None:
    user = make_user()
    use_up(ALICE)
    account = Throttle.objects.filter(key__startswith="password:account:")
    account.update(failures=5_000, blocked_until=timezone.now())
    log_in(browser(), ALICE, WRONG)
    wait = account.get().blocked_until - timezone.now()
    assert timedelta(minutes=14) < wait <= timedelta(minutes=15)
    account.update(blocked_until=timezone.now())
    assert let_on(log_in(browser()))
    user.refresh_from_db()
    assert user.is_active


# --- The address (D-62) -------------------------------------------------------------------


def test_d62_a_made_up_address_does_not_change_the_bucket() -> None:
    for number in range(3):
        headers = {"x-forwarded-for": f"192.0.2.{number}", "forwarded": f"for=192.0.2.{number}"}
        log_in(browser(), ALICE, WRONG, headers=headers)
    assert tries("password:network:") == {f"password:network:{HOME}": 3}


def test_d62_behind_a_proxy_the_left_entry_does_not_change_the_bucket(settings: Settings) -> None:
    settings.KAUTH_TRUSTED_PROXIES = 1
    for number in range(3):
        forwarded = f"10.0.0.{number}, {STRANGER}"
        log_in(browser(), ALICE, WRONG, headers={"x-forwarded-for": forwarded})
    assert tries("password:network:") == {f"password:network:{STRANGER}": 3}


@pytest.mark.parametrize("proxies", [0, 1])
@pytest.mark.parametrize(
    "claimed", ["127.0.0.1", "::1", "10.0.0.1", "localhost", "' OR 1=1", "\x00", "," * 200]
)
def test_d62_no_header_changes_the_factors_that_are_asked(
    settings: Settings, alice: Linked, proxies: int, claimed: str
) -> None:
    settings.KAUTH_TRUSTED_PROXIES = proxies
    visitor = browser()
    headers = {"x-forwarded-for": claimed, "x-real-ip": claimed, "remote-user": ALICE}
    log_in(visitor, headers=headers)
    assert signed_in_as(visitor) is None
    assert visitor.get("/manager/", headers=headers).status_code == 302


# --- Every way in shares the counters (D-63, D-64) ----------------------------------------


def again(visitor: Client, password: str) -> Any:
    return visitor.post("/login/again/", {"password": password})


def change(visitor: Client, password: str) -> Any:
    new = "a new sentence to remember"
    fields = {"old_password": password, "new_password1": new, "new_password2": new}
    return visitor.post("/password/change/", fields)


WAYS = {"again": again, "change": change}


@pytest.mark.parametrize("way", WAYS)
def test_d63_confirming_a_password_is_counted_like_a_login(way: str) -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    assert not let_on(WAYS[way](visitor, WRONG))
    assert list(tries("password:account:").values()) == [1]
    assert tries("password:network:") == {f"password:network:{HOME}": 1}


@pytest.mark.parametrize("way", WAYS)
def test_d64_what_is_shut_by_the_login_is_shut_everywhere(way: str) -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    use_up(ALICE)
    assert not let_on(WAYS[way](visitor, PASSWORD))
    assert events()[-1] == (EventKind.THROTTLED, ALICE)


@pytest.mark.parametrize("way", WAYS)
def test_d64_the_right_password_is_taken_there(way: str) -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    assert let_on(WAYS[way](visitor, PASSWORD))


def test_d63_confirming_in_a_known_browser_is_counted_for_that_browser(alice: Linked) -> None:
    visitor = known_browser(alice)
    change(visitor, WRONG)
    assert list(tries("password:browser:").values()) == [1]


def test_d64_the_admin_has_no_way_in_of_its_own() -> None:
    make_user(is_staff=True, is_superuser=True)
    visitor = browser()
    response = visitor.post("/admin/login/", {"username": ALICE, "password": PASSWORD})
    assert response.headers["Location"].startswith("/login/")
    assert signed_in_as(visitor) is None


def test_a_network_without_an_address_is_one_network() -> None:
    with pytest.raises(passwords.NotRight):
        passwords.check(login_id=ALICE, password=WRONG, visitor=Visitor())
    assert tries("password:network:") == {"password:network:": 1}
