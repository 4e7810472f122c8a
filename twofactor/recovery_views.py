"""The page that turns away a method which was added after a recovery. Looking changes nothing."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from devices import veto_views
from twofactor import methods, recoveries
from twofactor.method_models import Method


@login_required
@never_cache
def veto(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """From the account manager."""
    user: Any = request.user
    found = methods.find(user, kind, public_id)
    new = found if isinstance(found, Method) and found.is_new else None
    turn_away = partial(recoveries.turn_away, by="the account manager")
    return veto_views.asked(request, new, turn_away)
