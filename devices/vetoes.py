"""Turning away a device that was linked after a recovery, while it is new.

Whoever held the account before can: from an older device, from a session, or by the link that was
mailed. It takes that one device away and ends its sessions, and lets nobody in. If it was the only
device the account must enrol again; it never falls back to its password alone.
"""

from django.db.models import Q, QuerySet

from accounts import audit, sign_ins
from accounts.models import EventKind, SignIn
from accounts.visitors import Visitor
from devices import changes, enrolment, veto_tokens
from devices.exceptions import Expired, NotFound
from devices.models import Device


def by_mail(token: str, *, visitor: Visitor) -> Device:
    """Uses up `token`. Raises Expired when it is used, over or nobody's."""
    device = veto_tokens.use(token)
    if device is None:
        audit.record(EventKind.VETO_REFUSED, visitor=visitor)
        raise Expired
    return _turn_away(device, visitor=visitor, by="the link in the mail")


def by_device(older: Device, notice_id: str, *, visitor: Visitor) -> Device:
    """What `older` was told of by this notice. Raises NotFound, Expired."""
    notice = changes.find(notice_id, older)
    if notice is None or notice.about is None:
        raise NotFound
    return _turn_away(notice.about, visitor=visitor, by=f"“{older.name}”")


def in_session(device: Device, *, visitor: Visitor) -> Device:
    """By a person who is signed in, with what is not new itself. Raises Expired."""
    return _turn_away(device, visitor=visitor, by="the account manager")


def _turn_away(device: Device, *, visitor: Visitor, by: str) -> Device:
    found = Device.objects.new().filter(pk=device.pk).exists()
    if not found or not enrolment.revoke(device, visitor=visitor, by=by):
        raise Expired
    sign_ins.end(device.user, _sessions_of(device), visitor=visitor, by=by)
    audit.record(
        EventKind.DEVICE_VETOED,
        user=device.user,
        visitor=visitor,
        device_name=device.name,
        detail=by,
    )
    return device


def _sessions_of(device: Device) -> QuerySet[SignIn]:
    """Those that it let in, and the one in which it was linked."""
    linked_in = Q(pk=device.enrolment.recovered_in)
    return SignIn.objects.filter(Q(approved_by=device.persistent_id) | linked_in)
