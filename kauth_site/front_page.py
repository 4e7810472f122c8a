"""What the admin's front page shows of the dashboard's figures: in words, drawn, each with the list
behind it. A part is there for those only who may view what it counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext

from accounts.models import EventKind, SecurityEvent, User
from devices.models import LONG_UNUSED, Device
from kauth_site import charts, dashboard
from twofactor.models import Challenge


@dataclass(frozen=True)
class Figure:
    """A number, what it counts, and the list of it; where it is drawn, its shape."""

    number: str
    words: str
    page: str
    shape: Any = None


@dataclass(frozen=True)
class Row:
    """Such figures side by side, under what they have in common."""

    words: str
    page: str
    figures: Sequence[Figure]


def parts(user: Any, now: datetime) -> dict[str, Any]:
    """By name, what `user` may view; empty for staff who may view nothing of it."""
    found: dict[str, Any] = {"tiles": []}
    if user.has_perm("accounts.view_user"):
        found |= _of_people(found["tiles"])
    if user.has_perm("twofactor.view_challenge"):
        found["tiles"].append(_time_to_answer(now))
    if user.has_perm("devices.view_device"):
        found["tiles"].append(_unused_devices(now))
    if user.has_perm("accounts.view_securityevent"):
        found |= _of_events(now, names_lead_on=user.has_perm("accounts.view_user"))
    return {name: part for name, part in found.items() if part}


def _of_people(tiles: list[Figure]) -> dict[str, Any]:
    found = dashboard.protection()
    tiles += [_coverage(found), _without_backup(found)]
    kinds = {
        "on": (found.on, gettext("Two-factor authentication is on")),
        "waiting": (found.waiting, gettext("Waits for a new device")),
        "off": (found.off, gettext("Password alone")),
    }
    shapes = charts.shares([number for number, _words in kinds.values()])
    figures = {
        kind: Figure(str(number), words, _list(User, protection=kind), shape)
        for (kind, (number, words)), shape in zip(kinds.items(), shapes, strict=True)
    }
    return {"protection": figures}


def _coverage(found: dashboard.Protection) -> Figure:
    words = ngettext(
        "%(on)d of %(people)d account has a second factor",
        "%(on)d of %(people)d accounts have a second factor",
        found.people,
    )
    share = gettext("%(percent)d %%") % {"percent": found.percent}
    counts = {"on": found.on, "people": found.people}
    return Figure(share, words % counts, _list(User, protection="on"))


def _without_backup(found: dashboard.Protection) -> Figure:
    words = ngettext(
        "account has one method and no backup code left",
        "accounts have one method and no backup code left",
        found.without_backup,
    )
    return Figure(str(found.without_backup), words, _list(User, protection="no-backup"))


def _time_to_answer(now: datetime) -> Figure:
    took = dashboard.time_to_answer(now)
    states = ",".join(dashboard.ANSWERED)
    page = _list(Challenge, state__in=states, created_at__gte=_since(now))
    if took is None:
        return Figure("0", gettext("requests were answered in the last 30 days"), page)
    return Figure(_in_words(took), gettext("is the median time to an answer"), page)


def _in_words(took: timedelta) -> str:
    minutes, seconds = divmod(round(took.total_seconds()), 60)
    if minutes:
        return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}
    return gettext("%(seconds)d s") % {"seconds": seconds}


def _unused_devices(now: datetime) -> Figure:
    number = dashboard.unused_devices(now)
    words = ngettext(
        "linked device was not seen for %(days)d days",
        "linked devices were not seen for %(days)d days",
        number,
    )
    return Figure(str(number), words % {"days": LONG_UNUSED.days}, _list(Device, unused="long"))


def _of_events(now: datetime, *, names_lead_on: bool) -> dict[str, Any]:
    traffic, suspects = dashboard.traffic(now), dashboard.suspects(now)
    return {
        "sign_ins": _sign_ins(traffic),
        "requests": _requests(traffic),
        "days": _days(traffic),
        "suspects": [_suspect(one, now, name_leads_on=names_lead_on) for one in suspects],
        "events": _list(SecurityEvent),
    }


def _sign_ins(traffic: dashboard.Traffic) -> list[Figure]:
    most = max(traffic.sign_ins.values(), default=0)
    known = [name for name in dashboard.METHODS if name in traffic.sign_ins]
    names = [*known, *sorted(traffic.sign_ins.keys() - dashboard.METHODS.keys())]
    return [
        Figure(
            str(traffic.sign_ins[name]),
            str(dashboard.METHODS.get(name, name)),
            _events(EventKind.SIGNED_IN, traffic.days[0], method=name),
            charts.length(traffic.sign_ins[name], most),
        )
        for name in names
    ]


def _requests(traffic: dashboard.Traffic) -> list[dict[str, Any]]:
    if not any(map(any, traffic.ends.values())):
        return []
    return [
        {
            "kind": kind,
            "figure": Figure(
                str(sum(numbers)), str(dashboard.ENDS[kind]), _events(kind, traffic.days[0])
            ),
            "columns": charts.columns(numbers),
            "most": max(numbers),
        }
        for kind, numbers in traffic.ends.items()
    ]


def _days(traffic: dashboard.Traffic) -> list[Row]:
    """Newest first; days on which nothing happened are left out."""
    rows = []
    for place, day in reversed(list(enumerate(traffic.days))):
        numbers = {kind: ends[place] for kind, ends in traffic.ends.items()}
        if any(numbers.values()):
            figures = [
                Figure(str(number), str(dashboard.ENDS[kind]), _events(kind, day, day))
                for kind, number in numbers.items()
            ]
            rows.append(Row(date_format(date.fromisoformat(day), "MONTH_DAY_FORMAT"), "", figures))
    return rows


def _suspect(found: dashboard.Suspect, now: datetime, *, name_leads_on: bool) -> Row:
    since = (now - dashboard.RECENTLY).isoformat(timespec="seconds")
    page = reverse("admin:accounts_user_change", args=[found.user_id]) if name_leads_on else ""
    figures = [
        Figure(
            str(number),
            str(dashboard.UNWANTED[kind]),
            _list(
                SecurityEvent,
                kind__exact=kind,
                login_id__exact=found.login_id,
                created_at__gte=since,
            ),
        )
        for kind, number in found.counts.items()
    ]
    return Row(found.login_id, page, figures)


def _since(now: datetime) -> str:
    return dashboard.start_of(dashboard.period(now)[0]).isoformat()


def _events(kind: EventKind, first: str, last: str = "", **more: str) -> str:
    until = dashboard.start_of(last) + timedelta(days=1) if last else None
    limits = {"created_at__gte": dashboard.start_of(first).isoformat()}
    if until:
        limits["created_at__lt"] = until.isoformat()
    return _list(SecurityEvent, kind__exact=kind, **limits, **more)


def _list(model: type[Model], **filters: str) -> str:
    """The admin's list of `model`, filtered."""
    names = model._meta
    page = reverse(f"admin:{names.app_label}_{names.model_name}_changelist")
    return f"{page}?{urlencode(filters)}" if filters else page
