"""Pages that turn away what is new. Looking changes nothing: mail programs look too."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts import reauthentication, standing, visitors
from devices import veto_tokens, vetoes
from devices.exceptions import Expired
from devices.models import Device


@never_cache
def by_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Signed in or not: the token proves a mailbox, and is worth this one act."""
    if request.method != "POST":
        device = veto_tokens.find(token)
        return _show(request, "ask" if device else "over", device)
    try:
        device = vetoes.by_mail(token, visitor=visitors.of(request))
    except Expired:
        return _show(request, "over")
    return _show(request, "done", device)


@login_required
@never_cache
def in_session(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """From the account manager."""
    user: Any = request.user
    device = Device.objects.new().of(user).filter(public_id=public_id).first()
    return asked(request, device, vetoes.in_session)


def asked(request: HttpRequest, new: Any, turn_away: Callable[..., object]) -> HttpResponse:
    """Asks somebody signed in whether `new` is theirs; None is new no more. A session that is new
    itself has no say. `turn_away` takes `new` and the visitor, and raises Expired.
    """
    user: Any = request.user
    new_until = standing.new_until(user)
    if new_until:
        return reauthentication.too_new(request, new_until)
    if new is None:
        return _show(request, "over")
    if request.method != "POST":
        return _show(request, "ask", new)
    try:
        turn_away(new, visitor=visitors.of(request))
    except Expired:
        return _show(request, "over")
    return _show(request, "done", new)


def _show(request: HttpRequest, step: str, new: Any = None) -> HttpResponse:
    return render(request, "devices/veto.html", {"step": step, "device": new})
