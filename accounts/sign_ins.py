"""Where an account is signed in: one row for each browser session that passed all that it needs.

The row has a public id, so that a page can name a session without its key (which opens it). It
goes on when the key changes. Deleting it ends the session, whatever is still written of that.
"""

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_otp.models import Device

from accounts import audit, notices, policies, prepared, signals, visitors
from accounts.models import EventKind, Session, SignIn, User
from accounts.visitors import Visitor

_insert = prepared.Insert(SignIn)

SESSION_KEY = "sign_in"
# When the session ends at the latest, in Unix seconds: whatever is done in it meanwhile.
ENDS_KEY = "ends_at"
NOWHERE = UUID(int=0)
# How exactly the page tells when a session was last seen; it saves a write at each request.
SEEN_EVERY = timedelta(minutes=1)
# Rows of sessions that are over are evidence of nothing: the events are.
KEPT = timedelta(days=1)


def begin(request: HttpRequest, user: User, *, device_id: str, device_name: str) -> None:
    """This session is signed in from now on. `device_id` is django-otp's name of the device that
    approved it, or "".
    """
    visitor, now = visitors.of(request), timezone.now()
    sign_in = SignIn(
        id=UUID(bytes=os.urandom(16)),
        user=user,
        epoch=user.security_epoch,
        browser=visitor.browser,
        address=visitor.address or None,
        approved_by=device_id,
        device_name=device_name,
        idle_at=now + _idle(user),
    )
    _insert(sign_in)
    request.session[SESSION_KEY] = str(sign_in.pk)
    request.session[ENDS_KEY] = int((now + _length(user)).timestamp())


def keep(request: HttpRequest, user: User) -> None:
    """This session goes on although the account's epoch has moved on."""
    SignIn.objects.filter(pk=current(request)).update(epoch=user.security_epoch)


def approve(request: HttpRequest, *, device_id: str, device_name: str) -> None:
    """A session that had passed one factor has now shown this device too."""
    SignIn.objects.filter(pk=current(request), approved_by="").update(
        approved_by=device_id, device_name=device_name
    )


def current(request: HttpRequest) -> UUID:
    """The public id of the session of `request`; NOWHERE when it is not signed in."""
    public_id = request.session.get(SESSION_KEY)
    return UUID(public_id) if public_id else NOWHERE


def of(user: User) -> QuerySet[SignIn]:
    """Those that stand at this moment, the one that was seen last first."""
    return _alive().filter(user=user, epoch=user.security_epoch).order_by("-last_seen_at")


def standing() -> QuerySet[SignIn]:
    """Those of all accounts."""
    return _alive().filter(epoch=F("user__security_epoch"), user__is_active=True)


def _alive() -> QuerySet[SignIn]:
    now = timezone.now()
    alive = Session.objects.filter(sign_in=OuterRef("pk"), expire_date__gt=now)
    return SignIn.objects.filter(Exists(alive), idle_at__gt=now)


def approved_by(device: Device, *, but: UUID) -> QuerySet[SignIn]:
    """Those that this device said yes to, without the one of id `but`."""
    return of(device.user).filter(approved_by=device.persistent_id).exclude(pk=but)


def stands(public_id: str) -> bool:
    """Whether the session of this public id still opens the account."""
    sign_in = SignIn.objects.select_related("user").filter(pk=public_id).first()
    return (
        sign_in is not None
        and sign_in.user.is_active
        and of(sign_in.user).filter(pk=sign_in.pk).exists()
    )


def seen(request: HttpRequest) -> None:
    """Remembers when and from where this session was last in use; it ends so much later."""
    sign_in = getattr(request.session, "sign_in", None)
    now = timezone.now()
    if sign_in is not None and sign_in.last_seen_at <= now - SEEN_EVERY:
        address = visitors.of(request).address or None
        idle_at = now + _idle(request.user)
        SignIn.objects.filter(pk=sign_in.pk).update(
            last_seen_at=now, idle_at=idle_at, address=address
        )


def outlived(request: HttpRequest) -> bool:
    """Whether this session is older than one of its account may be by now: a policy may have made
    that shorter since it began.
    """
    sign_in = getattr(request.session, "sign_in", None)
    user: Any = request.user
    return sign_in is not None and sign_in.started_at + _length(user) <= timezone.now()


def end(user: User, sign_ins: QuerySet[SignIn], *, visitor: Visitor, by: str) -> int:
    """Ends these sessions of `user`, and their open sockets with them; returns how many."""
    ended = sign_ins.filter(user=user).delete()[1].get("accounts.SignIn", 0)
    if ended:
        signals.sessions_changed.send(sender=SignIn, user_id=user.pk)
        audit.record(EventKind.SESSION_ENDED, user=user, visitor=visitor, detail=f"{ended}: {by}")
        notices.send("sessions_ended", user, visitor=visitor, ended=ended)
    return ended


def leave(request: HttpRequest) -> None:
    """The person logs out here: the open sockets of this session end with it."""
    left = SignIn.objects.filter(pk=current(request)).first()
    if left is not None:
        left.delete()
        signals.sessions_changed.send(sender=SignIn, user_id=left.user_id)


def forget_old() -> int:
    """Drops the rows whose session is over for a day; returns how many."""
    alive = Session.objects.filter(sign_in=OuterRef("pk"))
    over = SignIn.objects.filter(~Exists(alive), last_seen_at__lt=timezone.now() - KEPT)
    return over.delete()[0]


def _length(user: User) -> timedelta:
    """From the sign-in on; a policy can only make it shorter."""
    own = settings.KAUTH_STAFF_SESSION_LENGTH if user.is_staff else settings.KAUTH_SESSION_LENGTH
    return min(own, policies.of(user).session or own)


def _idle(user: Any) -> timedelta:
    return settings.KAUTH_STAFF_SESSION_IDLE if user.is_staff else settings.KAUTH_SESSION_IDLE
