"""Guards the pages that change how an account is protected: they want a recent login."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from accounts import login

View = Callable[..., HttpResponseBase]


def recent_login_required(view: View) -> View:
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
    again = reverse("accounts:reauthenticate")
    return HttpResponseRedirect(f"{again}?{urlencode({'next': request.path + and_say})}")
