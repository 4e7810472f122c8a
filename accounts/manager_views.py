"""The pages of the account manager about the person themselves: what happened on the account."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts import activity
from accounts.manager_forms import ActivityForm


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
