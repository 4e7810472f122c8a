"""What holds for every request: one origin, private pages, and what must be done first."""

import codecs
from collections.abc import Callable
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import auth
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect
from django.urls import reverse
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from accounts import audit, policies, sign_ins, standing, visitors
from accounts.models import EventKind
from devices.models import Device
from kauth_site import monitoring, request_ids, views
from twofactor import demands, methods

Respond = Callable[[HttpRequest], HttpResponse]

OPEN_TO_ALL = (
    *("/login/", "/logout/", "/static/", "/device/", "/healthz", "/readyz", "/csp-report"),
    # Mailed: the token is all that these want, signed in or out.
    *("/2fa/veto/", "/not-me/", "/address/"),
)
# All that a session may open which can link a device and nothing else.
LINKING = ("/2fa/add/kauth/", "/app/authorize")
# Where a policy has no linked devices, the other methods take their place.
ADDING = ("/2fa/add/otp/", "/2fa/add/key/")
# The same for everybody: who is signed in is not even looked at.
APP_SHELL = {"/app/", "/app/link", "/app/manifest.webmanifest", "/app/service-worker.js"}


def health(respond: Respond) -> Respond:
    """Answers /healthz before anything asks for a host name or a session."""

    def answer(request: HttpRequest) -> HttpResponse:
        return views.healthz() if request.path == "/healthz" else respond(request)

    return answer


def request_id(respond: Respond) -> Respond:
    """Names the request for the log, and tells the name with the answer."""

    def answer(request: HttpRequest) -> HttpResponse:
        name = request_ids.begin(request.headers.get(request_ids.HEADER, ""))
        response = respond(request)
        response.headers[request_ids.HEADER] = name
        return response

    return answer


def metrics(respond: Respond) -> Respond:
    """Answers /metrics, under any host name, to whom it is meant for; others find no such page."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path != "/metrics" or not monitoring.may_read(
            address=visitors.of(request).address,
            authorization=request.headers.get("Authorization", ""),
        ):
            return respond(request)
        return HttpResponse(monitoring.exposition(), content_type=CONTENT_TYPE_LATEST)

    return answer


def one_origin(respond: Respond) -> Respond:
    """Who comes by another host name is sent to ours; what would change something is refused."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_HOST", "").lower() == settings.KAUTH_HOST:
            return respond(request)
        if request.method in ("GET", "HEAD"):
            # "GET @evil.example/" has no slash of its own: without ours the host would be theirs.
            path = request.get_full_path().removeprefix("/")
            return HttpResponsePermanentRedirect(f"{settings.KAUTH_ORIGIN}/{path}")
        words = f"This server is {settings.KAUTH_ORIGIN}. Use this address.\n"
        return HttpResponse(words, status=421, content_type="text/plain; charset=utf-8")

    return answer


def private_pages(respond: Respond) -> Respond:
    """No page and no answer is kept by a cache on the way; files with hashed names may be."""
    # What static/js/admin_types.js makes for Django's own scripts, and no other page has.
    of_admin = csp_update({"trusted-types": ["default"]})(respond)

    def answer(request: HttpRequest) -> HttpResponse:
        page = of_admin if request.path_info.startswith("/admin/") else respond
        response: Any = page(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Reporting-Endpoints"] = f'policy="{settings.KAUTH_ORIGIN}/csp-report"'
        # Only the app looks through a camera, for the QR.
        camera = "(self)" if request.path_info.startswith("/app/") else "()"
        response.headers.setdefault(
            "Permissions-Policy", f"camera={camera}, geolocation=(), microphone=()"
        )
        return response

    return answer


def utf8_forms(respond: Respond) -> Respond:
    """A form is UTF-8. In another charset, which is the caller's choice, it may spell lone
    surrogates, which neither a hash nor a column takes, or name a codec that is none for text.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if codecs.lookup(request.encoding or "utf-8").name != "utf-8":
            raise BadRequest("This site reads UTF-8 only.")
        return respond(request)

    return answer


def last_seen(respond: Respond) -> Respond:
    """Where an account is signed in, it is told when it was in use there last. A session that is
    older than a policy of now allows is over, and the request that of a stranger.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and sign_ins.outlived(request):
            _sign_out(request)
        elif request.user.is_authenticated:
            sign_ins.seen(request)
        return respond(request)

    return answer


def _sign_out(request: HttpRequest) -> None:
    """Here only, and nobody is mailed: it is what was said at the sign-in, a little sooner."""
    user: Any = request.user
    audit.record(
        EventKind.SESSION_ENDED,
        user=user,
        visitor=visitors.of(request),
        detail="1: its time is over by policy",
    )
    sign_ins.leave(request)
    auth.logout(request)


def first_things_first(respond: Respond) -> Respond:
    """Some people must do one thing before they can open anything else.

    A session that has not passed the account's second factor passes it; staff, people whose
    second factor was reset, and those of whom a policy demands it add a method; after "it was not
    me" the password is changed. What a help-desk code opened adds a method, and does nothing else.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        # The path that is routed by; `request.path` also has what a proxy calls its prefix.
        path = request.path_info
        if path in APP_SHELL or path.startswith(OPEN_TO_ALL):
            return respond(request)
        user: Any = request.user
        if not user.is_authenticated:
            return respond(request)
        page, inside = _due(user)
        if page is None or path == page or path.startswith(inside):
            return respond(request)
        return redirect(page)

    return answer


def _due(user: Any) -> tuple[str | None, str | tuple[str, ...]]:
    """The page that this person must go to first, and the address below which all is allowed."""
    if standing.links_only(user):
        links = policies.of(user).allows(Device.KIND)
        return reverse("twofactor:overview"), LINKING if links else ADDING
    if not user.is_verified():
        if methods.enabled(user):
            return reverse("accounts:reauthenticate"), "/login/"
        if user.is_staff or demands.holds_up(user):
            return reverse("twofactor:overview"), "/2fa/"
    elif demands.holds_up(user):
        return reverse("twofactor:overview"), "/2fa/"
    if user.must_change_password:
        return reverse("accounts:password_change"), "/password/"
    return None, ""
