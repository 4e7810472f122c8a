"""What holds for every request: one origin, private pages, and what must be done first."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect
from django.urls import reverse

from kauth_site import views
from twofactor import methods

Respond = Callable[[HttpRequest], HttpResponse]

OPEN_TO_ALL = ("/login/", "/logout/", "/static/", "/device/", "/healthz", "/readyz")


def health(respond: Respond) -> Respond:
    """Answers /healthz before anything asks for a host name or a session."""

    def answer(request: HttpRequest) -> HttpResponse:
        return views.healthz() if request.path == "/healthz" else respond(request)

    return answer


def one_origin(respond: Respond) -> Respond:
    """Who comes by another host name is sent to ours; what would change something is refused."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_HOST", "").lower() == settings.KAUTH_HOST:
            return respond(request)
        if request.method in ("GET", "HEAD"):
            return HttpResponsePermanentRedirect(settings.KAUTH_ORIGIN + request.get_full_path())
        words = f"This server is {settings.KAUTH_ORIGIN}. Use this address.\n"
        return HttpResponse(words, status=421, content_type="text/plain; charset=utf-8")

    return answer


def private_pages(respond: Respond) -> Respond:
    """No page and no answer is kept by a cache on the way; files with hashed names may be."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(self), geolocation=(), microphone=()"
        )
        return response

    return answer


def first_things_first(respond: Respond) -> Respond:
    """Some people must do one thing before they can open anything else.

    A session that has not passed the account's second factor passes it; staff and people whose
    second factor was reset link a device; after "it was not me" the password is changed.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated or request.path.startswith(OPEN_TO_ALL):
            return respond(request)
        page, inside = _due(user)
        if page is None or request.path.startswith(inside):
            return respond(request)
        return redirect(page)

    return answer


def _due(user: Any) -> tuple[str | None, str]:
    """The page that this person must go to first, and the address below which all is allowed."""
    if not user.is_verified():
        if methods.has_device(user):
            return reverse("accounts:reauthenticate"), "/login/"
        if user.is_staff or user.must_enrol:
            return reverse("twofactor:overview"), "/2fa/"
    elif user.must_enrol:
        return reverse("twofactor:overview"), "/2fa/"
    if user.must_change_password:
        return reverse("accounts:password_change"), "/password/"
    return None, ""
