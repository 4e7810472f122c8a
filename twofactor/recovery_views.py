"""The page that turns away a method which was added after a recovery. Looking changes nothing."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts import reauthentication, standing, visitors
from devices.exceptions import Expired
from twofactor import methods, recoveries
from twofactor.method_models import Method


@login_required
@never_cache
def veto(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """From the account manager, by anybody but what is new itself."""
    user: Any = request.user
    new_until = standing.new_until(user)
    if new_until:
        return reauthentication.too_new(request, new_until)
    method = methods.find(user, kind, public_id)
    if not isinstance(method, Method) or not method.is_new:
        return _show(request, "over")
    if request.method != "POST":
        return _show(request, "ask", method)
    try:
        recoveries.turn_away(method, visitor=visitors.of(request), by="the account manager")
    except Expired:
        return _show(request, "over")
    return _show(request, "done", method)


def _show(request: HttpRequest, step: str, method: Method | None = None) -> HttpResponse:
    return render(request, "devices/veto.html", {"step": step, "device": method})
