"""What happened on an account: in words for the person it concerns, page by page, as a table.

Pages follow the id of an entry (keyset), so that the thousandth costs no more than the first and
what happens meanwhile moves nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit, oversight, tables, visitors
from accounts.models import AppendOnlyQuerySet, EventKind, SecurityEvent, User
from accounts.visitors import Visitor

PAGE_SIZE = 25
MOST_ROWS = 10_000

SIGN_INS = (
    EventKind.SIGNED_UP,
    EventKind.PASSWORD_RIGHT,
    EventKind.PASSWORD_WRONG,
    EventKind.THROTTLED,
    EventKind.SIGNED_IN,
    EventKind.SIGN_IN_REFUSED,
    EventKind.SIGNED_OUT,
    EventKind.REAUTHENTICATED,
    EventKind.CODE_ACCEPTED,
    EventKind.CODE_WRONG,
    EventKind.KEY_ACCEPTED,
    EventKind.KEY_REFUSED,
    EventKind.KEY_COPIED,
    EventKind.BACKUP_CODE_USED,
    EventKind.BACKUP_CODE_WRONG,
    EventKind.HELPDESK_CODE_USED,
    EventKind.HELPDESK_CODE_WRONG,
)
REQUESTS = (
    EventKind.REQUEST_SENT,
    EventKind.REQUEST_PAUSED,
    EventKind.REQUEST_APPROVED,
    EventKind.REQUEST_DENIED,
    EventKind.REQUEST_REPORTED,
    EventKind.REQUEST_FAILED,
    EventKind.REQUEST_CANCELLED,
    EventKind.REQUEST_EXPIRED,
    EventKind.ANSWER_REFUSED,
)
ALL, CHANGES = "", "changes"
GROUPS = {
    ALL: _("Everything"),
    "sign-ins": _("Sign-ins"),
    "requests": _("Sign-in requests"),
    CHANGES: _("Changes of the account"),
}
# Sentences that go on with "from", where a device is part of what happened.
WITH_DEVICE = {
    EventKind.SIGNED_IN: _("Signed in with %(device)s"),
    EventKind.REAUTHENTICATED: _("Identity confirmed with %(device)s"),
    EventKind.REQUEST_APPROVED: _("Sign-in approved on %(device)s"),
    EventKind.REQUEST_DENIED: _("Sign-in denied on %(device)s"),
    EventKind.REQUEST_REPORTED: _("Sign-in reported as not yours on %(device)s"),
    EventKind.REQUEST_FAILED: _("Sign-in stopped by a wrong number on %(device)s"),
    EventKind.CODE_ACCEPTED: _("Code of %(device)s accepted"),
    EventKind.DEVICE_CLAIMED: _("Linking of “%(device)s” asked for"),
    EventKind.DEVICE_LINKED: _("Device “%(device)s” linked"),
    EventKind.DEVICE_RENAMED: _("Device renamed to “%(device)s”"),
    EventKind.DEVICE_REMOVED: _("Device “%(device)s” removed"),
    EventKind.DEVICE_VETOED: _("New device “%(device)s” turned away"),
    EventKind.METHOD_VETOED: _("New method “%(device)s” turned away"),
    EventKind.METHOD_ADDED: _("Method “%(device)s” added"),
    EventKind.METHOD_RENAMED: _("Method renamed to “%(device)s”"),
    EventKind.METHOD_REMOVED: _("Method “%(device)s” removed"),
    EventKind.KEY_ACCEPTED: _("Security key “%(device)s” accepted"),
    EventKind.KEY_REFUSED: _("Security key “%(device)s” refused"),
}


@dataclass(frozen=True)
class Page:
    """Entries, newest first, and the ids from which the pages beside this one are asked."""

    events: list[SecurityEvent]
    newer: int | None
    older: int | None


def of(user: User, *, group: str = ALL, until: date | None = None) -> AppendOnlyQuerySet:
    """The own entries of `user`, newest first; of one group, and up to the end of a day (UTC)."""
    events = SecurityEvent.objects.filter(user=user)
    if until is not None:
        events = events.filter(created_at__lt=_end_of(until))
    if group == CHANGES:
        return events.exclude(kind__in=(*SIGN_INS, *REQUESTS))
    kinds = {"sign-ins": SIGN_INS, "requests": REQUESTS}.get(group)
    return events if kinds is None else events.filter(kind__in=kinds)


def page(events: AppendOnlyQuerySet, *, before: int | None, after: int | None) -> Page:
    """The newest entries before the one of id `before`, or the next ones after that of `after`."""
    if after is not None:
        found = list(events.filter(id__gt=after).order_by("id")[: PAGE_SIZE + 1])
        shown, more_newer = found[:PAGE_SIZE][::-1], len(found) > PAGE_SIZE
        more_older = bool(shown) and events.filter(id__lt=shown[-1].pk).exists()
    else:
        found = list((events.filter(id__lt=before) if before else events)[: PAGE_SIZE + 1])
        shown, more_older = found[:PAGE_SIZE], len(found) > PAGE_SIZE
        more_newer = bool(shown and before) and events.filter(id__gt=shown[0].pk).exists()
    return Page(
        events=shown,
        newer=shown[0].pk if more_newer else None,
        older=shown[-1].pk if more_older else None,
    )


def in_words(event: SecurityEvent) -> str:
    """ "Sign-in approved on Pixel 8 from Firefox on Windows, 203.0.113.7" """
    what, where = _what(event), visitors.in_words(_visitor(event))
    if _is_by_staff(event):
        what = gettext("%(what)s by an administrator") % {"what": what}
    elif where:
        what = gettext("%(what)s from %(where)s") % {"what": what, "where": where}
    if event.times == 1:
        return what
    return gettext("%(what)s (%(times)d times)") % {"what": what, "times": event.times}


def as_csv(events: AppendOnlyQuerySet) -> str:
    """The newest entries as a table."""
    heads = ("Time", "What", "Kind", "Device", "Method", "Address", "Browser", "Times")
    rows = [[gettext(head) for head in heads], *(_row(event) for event in events[:MOST_ROWS])]
    return "".join(tables.as_csv(rows))


def _row(event: SecurityEvent) -> list[str]:
    visitor = _visitor(event)
    return [
        event.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        in_words(event),
        event.kind,
        event.device_name,
        event.method,
        visitor.address,
        visitor.browser,
        str(event.times),
    ]


def _what(event: SecurityEvent) -> str:
    if not event.device_name:
        return str(event.get_kind_display())
    phrase = WITH_DEVICE.get(EventKind(event.kind), _("%(what)s: “%(device)s”"))
    return str(phrase) % {"what": event.get_kind_display(), "device": event.device_name}


def _is_by_staff(event: SecurityEvent) -> bool:
    """Who used a help-desk code is not who made it, whom its record names."""
    return event.kind != EventKind.HELPDESK_CODE_USED and oversight.is_by_staff(event.detail)


def _visitor(event: SecurityEvent) -> Visitor:
    """Where staff were is for the admin alone."""
    if _is_by_staff(event):
        return audit.NOBODY
    return Visitor(address=event.address or "", browser=event.browser)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)
