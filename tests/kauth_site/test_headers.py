"""What browsers are told with every page, the pages of errors included (D-67, D-98)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from pytest_django import Settings

from accounts import throttling
from accounts.models import User
from tests.kauth_site.configured import PRODUCTION, Configure, configure
from tests.linked import Linked
from tests.pages import browser, log_in, pass_second_factor, sign_in, two_factor_browser
from tests.people import make_user

__all__ = ["configure"]

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.kauth_site.urls_with_faults")]

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "worker-src": "'self'",
    "trusted-types": "kauth-worker",
    "report-to": "policy",
    "report-uri": "/csp-report",
}
OPEN = ["/login/", "/password/reset/", "/password/reset/x/y/", "/app/", "/app/link", "/readyz"]
CLOSED = ["/manager/", "/2fa/", "/2fa/add/", "/2fa/add/kauth/", "/2fa/backup-codes/"]
MORE_CLOSED = ["/app/authorize", "/password/change/", "/login/again/", "/"]
# Django's own scripts make markup; no other page has a policy for that.
ADMIN = {"trusted-types": "kauth-worker default"}


def policy(response: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def is_guarded(response: Any, **own: str) -> bool:
    assert {**policy(response), **POLICY, **own} == policy(response)
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    assert response["Reporting-Endpoints"] == f'policy="{site.KAUTH_ORIGIN}/csp-report"'
    return True


def administrator(alice: Linked) -> Client:
    User.objects.filter(pk=alice.user.pk).update(is_staff=True, is_superuser=True)
    return two_factor_browser(User.objects.get(pk=alice.user.pk))


def careless() -> Client:
    """A browser to which the site's own faults are shown as pages, as they are to people."""
    return browser(raise_request_exception=False)


@pytest.mark.parametrize("page", OPEN)
def test_d98_pages_for_everybody_are_guarded(page: str) -> None:
    assert is_guarded(browser().get(page))


@pytest.mark.parametrize("page", CLOSED + MORE_CLOSED)
def test_d98_pages_of_a_person_are_guarded(page: str, alice: Linked) -> None:
    assert is_guarded(two_factor_browser(alice.user).get(page))
    assert is_guarded(browser().get(page))


@pytest.mark.parametrize(
    "page", ["", "accounts/user/", "devices/device/", "twofactor/challenge/", "nothing/here/"]
)
def test_d98_pages_of_administrators_are_guarded(page: str, alice: Linked) -> None:
    assert is_guarded(administrator(alice).get(f"/admin/{page}"), **ADMIN)


def test_d98_the_way_to_the_admin_is_guarded(alice: Linked) -> None:
    assert is_guarded(two_factor_browser(alice.user).get("/admin/"), **ADMIN)
    assert is_guarded(browser().get("/admin/"), **ADMIN)


def test_d98_a_record_in_the_admin_is_guarded(alice: Linked) -> None:
    page = administrator(alice).get(f"/admin/devices/device/{alice.row.pk}/change/")
    assert page.status_code == 200
    assert is_guarded(page, **ADMIN)


@pytest.mark.parametrize("page", ["", "code/", "backup-code/", "state/"])
def test_d98_pages_of_the_second_step_are_guarded(page: str, alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    assert is_guarded(visitor.get(f"/login/verify/{page}"))


def forged(page: str) -> Any:
    return browser(enforce_csrf_checks=True).post(page)


ERRORS: dict[int, Callable[[], Any]] = {
    400: lambda: careless().get("/suspicious/"),
    403: lambda: careless().get("/forbidden/"),
    404: lambda: careless().get("/nothing-here/"),
    405: lambda: careless().get("/logout/"),
    500: lambda: careless().get("/fault/"),
}


@pytest.mark.parametrize("status", ERRORS)
def test_d98_pages_of_errors_are_guarded_and_tell_nothing(status: int) -> None:
    response = ERRORS[status]()
    assert response.status_code == status
    assert is_guarded(response)
    for part in (b"a secret that no page may tell", b"Traceback", b"RuntimeError"):
        assert part not in response.content


def test_d98_the_page_of_a_forged_form_is_guarded() -> None:
    response = forged("/login/")
    assert response.status_code == 403
    assert is_guarded(response)
    assert "This page is too old" in response.content.decode()


def test_d98_the_page_of_too_many_tries_is_guarded() -> None:
    for _ in range(throttling.RESETS.free):
        throttling.reserve("reset:network:198.51.100.1", throttling.RESETS)
    response = browser().post("/password/reset/", {"email": "alice@example.org"})
    assert response.status_code == 429
    assert is_guarded(response)


@pytest.mark.parametrize(
    "body", ["username=" + "a" * 1_000_000, "&".join(f"a{n}=1" for n in range(2_000))]
)
def test_d98_the_page_of_a_form_that_is_too_big_is_guarded(body: str) -> None:
    kind = "application/x-www-form-urlencoded"
    response = browser().generic("POST", "/login/", body, content_type=kind)
    assert response.status_code == 400
    assert is_guarded(response)


def test_d98_no_script_and_no_style_is_written_into_a_page(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    for page in [*OPEN, *CLOSED, *MORE_CLOSED]:
        text = visitor.get(page).content.decode()
        assert "<style" not in text
        assert text.count("<script") == text.count('<script type="module" src="/static/')


# --- By https -----------------------------------------------------------------------------


@pytest.fixture
def by_https(settings: Settings, configure: Configure) -> Settings:
    """The settings that an installation behind https has, as far as browsers notice them."""
    for name, value in configure(KAUTH_TRUSTED_PROXIES="1", **PRODUCTION).items():
        if name.startswith(("SECURE", "SESSION_COOKIE", "CSRF_COOKIE", "COOKIE", "KAUTH_HOST")):
            setattr(settings, name, value)
    settings.KAUTH_ORIGIN = PRODUCTION["KAUTH_ORIGIN"]
    settings.ALLOWED_HOSTS = ["auth.example.org"]
    return settings


def test_d98_browsers_keep_to_https_for_a_year(by_https: Settings) -> None:
    header = browser().get("/login/", secure=True)["Strict-Transport-Security"]
    assert header == "max-age=31536000; includeSubDomains; preload"


def test_by_plain_http_everybody_is_sent_to_https(by_https: Settings) -> None:
    response = browser().get("/login/")
    assert response.headers["Location"] == "https://auth.example.org/login/"


def test_d67_every_cookie_is_bound_to_this_very_host(by_https: Settings, alice: Linked) -> None:
    visitor = browser(HTTP_X_FORWARDED_PROTO="https")
    log_in(visitor)
    pass_second_factor(visitor, alice.user)
    visitor.get("/manager/")
    assert len(visitor.cookies) == 3
    for name, morsel in visitor.cookies.items():
        assert name.startswith("__Host-")
        assert (morsel["secure"], morsel["httponly"], morsel["samesite"]) == (True, True, "Lax")
        assert (morsel["path"], morsel["domain"]) == ("/", "")


def test_d67_by_plain_http_no_script_reads_a_cookie() -> None:
    make_user()
    visitor = browser()
    visitor.get("/login/")
    sign_in(visitor)
    visitor.get("/manager/")
    assert set(visitor.cookies) == {site.SESSION_COOKIE_NAME, site.CSRF_COOKIE_NAME}
    assert all(morsel["httponly"] for morsel in visitor.cookies.values())
