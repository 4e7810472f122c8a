"""A known browser is spared the number, and is never taken for a factor (D-72)."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.core import signing
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from accounts import known_browsers
from accounts.models import EventKind, KnownBrowser, SecurityEvent, User
from tests.linked import Linked
from tests.pages import browser, log_in, pass_second_factor, sign_in, signed_in_as
from tests.people import make_user

pytestmark = pytest.mark.django_db


def cookies_of(visitor: Client) -> dict[str, Any]:
    return {name: morsel for name, morsel in visitor.cookies.items() if "browser-" in name}


@pytest.fixture
def known(alice: Linked) -> Client:
    visitor = browser()
    log_in(visitor)
    pass_second_factor(visitor, alice.user)
    return visitor


def found(user: User, **cookies: str) -> KnownBrowser | None:
    request = RequestFactory().get("/")
    request.COOKIES.update(cookies)
    return known_browsers.find(request, user)


def values(visitor: Client) -> dict[str, str]:
    return {name: morsel.value for name, morsel in cookies_of(visitor).items()}


def test_it_is_known_by_its_cookie_for_that_account_alone(known: Client, alice: Linked) -> None:
    row = KnownBrowser.objects.get(user=alice.user)
    assert found(alice.user, **values(known)) == row
    assert found(make_user("mallory@example.org"), **values(known)) is None


def test_a_password_alone_makes_no_browser_known(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    assert cookies_of(visitor) == {}
    make_user("mallory@example.org")
    sign_in(visitor, "mallory@example.org")
    assert cookies_of(visitor) == {}
    assert not KnownBrowser.objects.exists()


def test_d72_a_known_browser_is_asked_for_the_second_factor_too(
    known: Client, alice: Linked
) -> None:
    known.post("/logout/")
    assert cookies_of(known)
    assert log_in(known).headers["Location"] == "/login/verify/"
    assert signed_in_as(known) is None
    assert known.get("/manager/").status_code == 302


def test_d67_no_script_reads_its_cookie(known: Client) -> None:
    (morsel,) = cookies_of(known).values()
    assert morsel["httponly"]
    assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("Lax", "/", "")


def test_d67_by_https_its_cookie_is_bound_to_this_very_host(
    alice: Linked, settings: Settings
) -> None:
    settings.SECURE, settings.COOKIE_PREFIX = True, "__Host-"
    response = HttpResponse()
    known_browsers.remember(RequestFactory().get("/"), response, alice.user)
    ((name, morsel),) = response.cookies.items()
    assert name.startswith("__Host-browser-")
    assert morsel["secure"]
    assert (morsel["path"], morsel["domain"]) == ("/", "")


def test_its_cookie_names_neither_account_nor_login_id(known: Client, alice: Linked) -> None:
    ((name, morsel),) = cookies_of(known).items()
    for part in (str(alice.user.pk), alice.user.login_id, "alice"):
        assert part not in name + morsel.value


def test_the_cookie_of_another_account_under_our_name_is_nobodys(
    known: Client, alice: Linked, bob: Linked
) -> None:
    other = browser()
    log_in(other, bob.user.login_id)
    pass_second_factor(other, bob.user)
    (ours,) = cookies_of(known)
    (theirs,) = values(other).values()
    assert found(alice.user, **{ours: theirs}) is None


@pytest.mark.parametrize("salt", ["accounts.known_browser2", "django.core.signing", ""])
def test_what_was_signed_for_another_use_is_nobodys(
    known: Client, alice: Linked, salt: str
) -> None:
    (name,) = cookies_of(known)
    row = KnownBrowser.objects.get()
    assert found(alice.user, **{name: signing.dumps(str(row.pk), salt=salt)}) is None


@pytest.mark.parametrize("spoil", [str.swapcase, lambda v: v[:-1], lambda v: "", lambda v: v + "x"])
def test_a_cookie_that_was_tampered_with_is_nobodys(
    known: Client, alice: Linked, spoil: Any
) -> None:
    ((name, value),) = values(known).items()
    assert found(alice.user, **{name: spoil(value)}) is None


def test_without_its_row_a_cookie_means_nothing(known: Client, alice: Linked) -> None:
    KnownBrowser.objects.all().delete()
    assert found(alice.user, **values(known)) is None


def test_after_half_a_year_a_cookie_means_nothing(
    known: Client, alice: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:

    later = time.time() + known_browsers.COOKIE_AGE + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert found(alice.user, **values(known)) is None


def test_the_same_browser_stays_one_row(known: Client, alice: Linked) -> None:
    log_in(known)
    pass_second_factor(known, alice.user, 1)
    assert KnownBrowser.objects.count() == 1
    assert str(KnownBrowser.objects.get()) == "Unknown browser"


def test_the_key_that_signs_it_is_the_sites(known: Client, alice: Linked) -> None:
    (name,) = cookies_of(known)
    row = KnownBrowser.objects.get()
    forged = signing.dumps(str(row.pk), key=f"{site.SECRET_KEY}x", salt=known_browsers.SALT)
    assert found(alice.user, **{name: forged}) is None


# --- Listed and forgotten -----------------------------------------------------------------

BROWSERS = "/manager/browsers/"


def test_the_page_lists_them_and_marks_the_one_it_is_shown_in(known: Client, alice: Linked) -> None:
    other = alice.user.known_browsers.create(name="Firefox on Windows", address="9.9.9.9")
    context = known.get(BROWSERS).context
    assert {browser.pk for browser in context["browsers"]} == {other.pk, context["here"].pk}
    page = known.get(BROWSERS).content.decode()
    for part in ("Firefox on Windows", "9.9.9.9", "This browser"):
        assert part in page
    assert not [value for value in values(known).values() if value in page]


def test_a_forgotten_browser_is_a_new_one(known: Client, alice: Linked) -> None:
    row = KnownBrowser.objects.get(user=alice.user)
    known.post(BROWSERS, {"forget": str(row.pk)})
    assert found(alice.user, **values(known)) is None
    assert SecurityEvent.objects.filter(kind=EventKind.BROWSER_FORGOTTEN).count() == 1


def test_all_are_forgotten_at_once_and_nobody_elses(known: Client, alice: Linked) -> None:
    theirs = make_user("mallory@example.org").known_browsers.create(name="Firefox on Linux")
    alice.user.known_browsers.create(name="Firefox on Windows")
    known.post(BROWSERS, {"forget": str(theirs.pk)})
    known.post(BROWSERS, {"all": "1"})
    assert KnownBrowser.objects.get() == theirs


@pytest.mark.parametrize("fields", [{}, {"forget": ""}, {"forget": "x"}])
def test_what_names_no_browser_forgets_none(known: Client, fields: dict[str, str]) -> None:
    known.post(BROWSERS, fields)
    assert KnownBrowser.objects.count() == 1


def test_one_whose_cookie_is_over_is_not_listed_and_dropped(known: Client, alice: Linked) -> None:
    old = timezone.now() - timedelta(seconds=known_browsers.COOKIE_AGE)
    KnownBrowser.objects.update(last_used_at=old)
    assert not known.get(BROWSERS).context["browsers"]
    assert known_browsers.forget_old() == 1
