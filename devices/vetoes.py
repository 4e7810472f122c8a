"""Turning away a device that was linked after a recovery, while it is new.

Whoever held the account before can: from an older device, from a session, or by the link that was
mailed. It takes that device away with all else that the same recovery added, ends the sessions of
these, and lets nobody in. If it was the only device the account must enrol again; it never falls
back to its password alone.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts import audit, known_browsers, people, sign_ins
from accounts.models import EventKind, KnownBrowser, SignIn, User
from accounts.visitors import Visitor
from devices import changes, enrolment, signals, veto_tokens
from devices.exceptions import Expired, NotFound
from devices.models import Device


def by_mail(token: str, *, visitor: Visitor) -> Device:
    """Uses up `token`. Raises Expired when it is used, over or nobody's."""
    device = veto_tokens.use(token)
    if device is None:
        audit.record(EventKind.VETO_REFUSED, visitor=visitor)
        raise Expired
    return _turn_away(device, visitor=visitor, by="the link in the mail")


def by_device(older: Device, notice_id: str, *, visitor: Visitor) -> None:
    """What `older` was told of by this notice. Raises NotFound, Expired."""
    notice = changes.find(notice_id, older)
    if notice is None:
        raise NotFound
    by = f"“{older.name}”"
    if notice.about is not None:
        _turn_away(notice.about, visitor=visitor, by=by)
        return
    answers = signals.method_vetoed.send(
        sender=Device, user=older.user, subject=notice.subject, visitor=visitor, by=by
    )
    if not any(gone for _, gone in answers):
        raise Expired


def in_session(device: Device, *, visitor: Visitor) -> Device:
    """By a person who is signed in, with what is not new itself. Raises Expired."""
    return _turn_away(device, visitor=visitor, by="the account manager")


def undo_recovery(
    session: UUID | None, *, turned_away: Any, visitor: Visitor, by: str, kind: EventKind
) -> None:
    """`turned_away`, a device or method, is gone: so is all that is new and was added with it, in
    the recovered session of this public id. That session ends, and each that these opened; no
    browser is known any more because of them. Call it in the transaction that removed it.
    """
    user = turned_away.user
    gone = [turned_away, *_others_gone(user, session, visitor, by)]
    means = [one.persistent_id for one in gone]
    here = session or sign_ins.NOWHERE
    made_known = KnownBrowser.objects.filter(Q(known_by__in=means) | Q(known_in=here))
    known_browsers.forget(user, made_known, visitor=visitor)
    let_in = SignIn.objects.filter(Q(approved_by__in=means) | Q(pk=here))
    sign_ins.end(user, let_in, visitor=visitor, by=by)
    audit.record(kind, user=user, visitor=visitor, device_name=turned_away.name, detail=by)


def _turn_away(device: Device, *, visitor: Visitor, by: str) -> Device:
    with transaction.atomic():
        people.locked(device.user_id)
        found = Device.objects.new().filter(pk=device.pk).exists()
        if not found or not enrolment.revoke(device, visitor=visitor, by=by):
            raise Expired
        undo_recovery(
            device.enrolment.recovered_in,
            turned_away=device,
            visitor=visitor,
            by=by,
            kind=EventKind.DEVICE_VETOED,
        )
    return device


def _others_gone(user: User, session: UUID | None, visitor: Visitor, by: str) -> list[Any]:
    if session is None:
        return []
    added = Device.objects.new().of(user).filter(enrolment__recovered_in=session)
    gone: list[Any] = [one for one in added if enrolment.revoke(one, visitor=visitor, by=by)]
    answers: list[tuple[Any, Any]] = signals.recovery_undone.send(
        sender=Device, user=user, session=session, visitor=visitor, by=by
    )
    return [*gone, *(one for _, removed in answers for one in removed)]
