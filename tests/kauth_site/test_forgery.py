"""D-101: nothing is changed by another site's page, by a link, or by a form without its token."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import SecurityEvent
from tests.linked import Linked
from tests.pages import browser, is_signed_in, log_in, session_key, two_factor_browser
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

FILLED = {
    "<slug:kind>": "devices",
    "<str:uid>": "x",
    "<str:token>": "y",
    "<uuid:public_id>": "00000000-0000-4000-8000-000000000000",
}
WITHOUT_COOKIE = ("/device/", "/^device/", "/csp-report")


def routes(patterns: Any, prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not route.startswith("/admin/"):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            for part, value in FILLED.items():
                route = route.replace(part, value)
            yield route


def pages() -> list[str]:
    """Every page and call of the site, but what uses no cookie: devices sign what they send, and
    a report of a broken policy comes from the browser itself.
    """
    every = sorted(set(routes(get_resolver().url_patterns)))
    assert len(every) > 25
    return [page for page in every if not page.startswith(WITHOUT_COOKIE)]


PAGES = pages()


@pytest.mark.parametrize("page", PAGES)
def test_d101_no_form_is_taken_without_its_token(page: str, alice: Linked) -> None:
    visitor = browser(enforce_csrf_checks=True)
    visitor.cookies = two_factor_browser(alice.user).cookies
    before = SecurityEvent.objects.count()
    response = visitor.post(page, {"action": "new", "username": "a", "password": PASSWORD})
    assert response.status_code == 403
    assert SecurityEvent.objects.count() == before


@pytest.mark.parametrize("page", ["/logout/", "/login/verify/again/", "/login/verify/cancel/"])
@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "trace"])
def test_d101_no_link_does_what_a_form_is_for(page: str, method: str, alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    assert getattr(visitor, method)(page).status_code == 405
    assert is_signed_in(visitor)


def with_token(**headers: str) -> Any:
    visitor = browser(enforce_csrf_checks=True)
    visitor.get("/login/")
    token = visitor.cookies[settings.CSRF_COOKIE_NAME].value
    fields = {"username": "alice@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token}
    return visitor.post("/login/", fields, headers=headers)


def test_d101_the_form_with_its_token_is_taken() -> None:
    make_user()
    assert with_token().status_code == 302
    assert with_token(origin=settings.KAUTH_ORIGIN).status_code == 302


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost:8001",
        "https://localhost:8000",
        "http://localhost:8000.evil.example",
    ],
)
def test_d101_a_form_of_another_origin_is_refused_though_it_has_a_token(origin: str) -> None:
    make_user()
    assert with_token(origin=origin).status_code == 403


def test_the_token_changes_with_the_login() -> None:
    """A token that was planted before is worth nothing after."""
    make_user()
    visitor = browser()
    visitor.get("/login/")
    planted = visitor.cookies[settings.CSRF_COOKIE_NAME].value
    log_in(visitor)
    visitor.get("/login/verify/")
    visitor.get("/manager/")
    assert visitor.cookies[settings.CSRF_COOKIE_NAME].value != planted


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_other_method_signs_anybody_in(method: str) -> None:
    make_user()
    visitor: Client = browser()
    body = f"username=alice@example.org&password={PASSWORD}"
    kind = "application/x-www-form-urlencoded"
    response = visitor.generic(method.upper(), "/login/", body, content_type=kind)
    assert response.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in visitor.cookies or not session_key(visitor)
