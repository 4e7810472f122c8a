"""The page "I am away" of the account manager."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import clock, visitors
from twofactor import absence, methods
from twofactor.forms import AwayForm


@login_required
def away(request: HttpRequest) -> HttpResponseBase:
    """Refuses all requests for a while, or ends that. It opens nothing, so it wants no proof."""
    user: Any = request.user
    visitor = visitors.of(request)
    form = AwayForm(request.POST or None)
    if request.method == "POST" and "back" in request.POST:
        absence.end(user, visitor=visitor)
        messages.success(request, _("Welcome back. Your devices are asked again."))
        return redirect("twofactor:away")
    if request.method == "POST" and form.is_valid():
        absence.begin(user, clock.now() + form.cleaned_data["duration"], visitor=visitor)
        messages.success(request, _("Your devices are not asked until you are back."))
        return redirect("twofactor:away")
    context = {
        "form": form,
        "until": absence.of(user),
        "has_device": methods.has_device(user),
    }
    return render(request, "twofactor/away.html", context)
