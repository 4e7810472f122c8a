"""Guards the pages that change how an account is protected: they want a recent login."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from accounts import audit, login, standing, visitors
from accounts.models import DETAIL_SIZE, EventKind

View = Callable[..., HttpResponseBase]


def recent_login_required(view: View) -> View:
    """Pages that change how an account is protected: a recent login, by what is not new.

    A device that was linked after a recovery may be somebody else's. For a day its yes opens the
    account and none of these pages, so that nobody loses what they still hold.
    """

    @recent_login_suffices
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user: Any = request.user
        until = standing.new_until(user)
        # Who must change their password first can open nothing else meanwhile.
        if until is None or user.must_change_password:
            return view(request, *args, **kwargs)
        return too_new(request, until)

    return guarded


def new_may_look(view: View) -> View:
    """Pages of an administrator: what came after a recovery sees them, and changes nothing yet."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        until = standing.new_until(request.user)
        if until is None or request.method in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        return too_new(request, until)

    return guarded


def too_new(request: HttpRequest, until: datetime) -> HttpResponse:
    """Says until when, and leads to a confirmation by something else."""
    user: Any = request.user
    means = standing.means_of(user)
    audit.record(
        EventKind.CHANGE_REFUSED,
        user=user,
        visitor=visitors.of(request),
        device_name=means.name if means else "",
        detail=request.path[:DETAIL_SIZE],
    )
    context = {"until": until, "means": means, "again": _confirmation(request)}
    return render(request, "accounts/too_new.html", context, status=403)


def recent_login_suffices(view: View) -> View:
    """Sends a person whose last full login is over five minutes old to confirm it first.

    The page that asked is kept. A POST comes back as a GET: nothing is done behind a confirmation.
    """

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if login.is_recent(request):
            return view(request, *args, **kwargs)
        return _confirm_first(request)

    return guarded


def recent_login_to_change(view: View) -> View:
    """The same for a page that everybody who is signed in may look at: its POSTs are guarded.

    Behind the confirmation the page says that the button is to be pressed again.
    """

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in ("GET", "HEAD") or login.is_recent(request):
            return view(request, *args, **kwargs)
        return _confirm_first(request, and_say="?confirmed")

    return guarded


def _confirm_first(request: HttpRequest, *, and_say: str = "") -> HttpResponseBase:
    return HttpResponseRedirect(_confirmation(request, and_say=and_say))


def _confirmation(request: HttpRequest, *, and_say: str = "") -> str:
    again = reverse("accounts:reauthenticate")
    return f"{again}?{urlencode({'next': request.path + and_say})}"
