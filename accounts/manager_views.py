"""The pages of the account manager: what happened on the account, and where it is signed in."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import activity, known_browsers, sign_ins, visitors
from accounts.manager_forms import ActivityForm
from accounts.reauthentication import recent_login_to_change


@login_required
def activity_page(request: HttpRequest) -> HttpResponse:
    """The person's own entries, filtered, page by page."""
    user: Any = request.user
    form = ActivityForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    events = activity.of(user, group=wanted.get("group", ""), until=wanted.get("until"))
    page = activity.page(events, before=wanted.get("before"), after=wanted.get("after"))
    context = {"form": form, "page": page, "filter": _filter(wanted)}
    return render(request, "accounts/activity.html", context)


@login_required
def activity_download(request: HttpRequest) -> HttpResponse:
    """The same entries as CSV, without pages."""
    user: Any = request.user
    form = ActivityForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    events = activity.of(user, group=wanted.get("group", ""), until=wanted.get("until"))
    # The mark at the start tells spreadsheets that it is UTF-8.
    response = HttpResponse(
        f"\ufeff{activity.as_csv(events)}", content_type="text/csv; charset=utf-8"
    )
    name = f"kauth-activity-{timezone.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _filter(wanted: dict[str, Any]) -> str:
    """The filter as a query, for the links beside the table."""
    kept = {name: wanted[name] for name in ("group", "until") if wanted.get(name)}
    return urlencode(kept)


@recent_login_to_change
def sessions_page(request: HttpRequest) -> HttpResponseBase:
    """Where the person is signed in; ends one of the others, or all of them."""
    user: Any = request.user
    here = sign_ins.current(request)
    others = sign_ins.of(user).exclude(pk=here)
    if request.method == "POST":
        chosen = others if "all" in request.POST else others.filter(pk=_chosen(request, "end"))
        ended = sign_ins.end(user, chosen, visitor=visitors.of(request), by="the person")
        _say_how_many(request, ended)
        return redirect("accounts:sessions")
    context = {"here": sign_ins.of(user).filter(pk=here).first(), "others": others}
    return render(request, "accounts/sessions.html", context)


def _chosen(request: HttpRequest, button: str) -> UUID:
    """The public id that a pressed button names; that of nothing when it names none."""
    try:
        return UUID(request.POST.get(button, ""))
    except ValueError:
        return sign_ins.NOWHERE


def _say_how_many(request: HttpRequest, ended: int) -> None:
    if ended:
        text = ngettext("%(n)d browser is signed out.", "%(n)d browsers are signed out.", ended)
        messages.success(request, text % {"n": ended})
    else:
        messages.info(request, _("That browser was not signed in any more."))


@recent_login_to_change
def browsers_page(request: HttpRequest) -> HttpResponseBase:
    """The browsers that are spared the number; forgets one of them, or all."""
    user: Any = request.user
    known = known_browsers.of(user)
    if request.method == "POST":
        chosen = known if "all" in request.POST else known.filter(pk=_chosen(request, "forget"))
        if known_browsers.forget(user, chosen, visitor=visitors.of(request)):
            messages.success(request, _("Forgotten. The next sign-in there asks as in a new one."))
        return redirect("accounts:browsers")
    context = {"browsers": known, "here": known_browsers.find(request, user)}
    return render(request, "accounts/browsers.html", context)
