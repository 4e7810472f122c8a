"""Linking and unlinking: offer, claim, confirm, refuse, revoke (docs/protocol.md, section 3).

Every step is claimed by one conditional UPDATE on the row's own columns. The token itself is
never kept: the link holds it, the table only its hash.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts import audit, clock, notices, people, policies, standing
from accounts.models import EventKind, User
from accounts.policies import NotAllowed
from accounts.visitors import Visitor
from devices import (
    claims,
    doorbell,
    keys,
    names,
    one_time_codes,
    protocol,
    push_subscriptions,
    signals,
)
from devices.exceptions import (
    AlreadyClaimed,
    Expired,
    LastFactor,
    NotFound,
    TooManyDevices,
    Unauthenticated,
)
from devices.models import Device, DeviceState, Enrolment, EnrolmentState

# Only the person, warned before, may switch two-factor authentication off with their last device.
BY_PERSON = "the person"

OPEN_STATES = (EnrolmentState.OFFERED, EnrolmentState.CLAIMED)


@dataclass(frozen=True)
class Claimed:
    device: Device
    token_hash: bytes
    nonce_server: bytes
    signature: str


def offer(
    *,
    user: User,
    replaces: int | None,
    here: bool = False,
    recovered_in: UUID | None = None,
    visitor: Visitor = audit.NOBODY,
) -> tuple[Enrolment, bytes]:
    """A new offer and its token (32 bytes), good once and for 300 s. `replaces` ends.

    `recovered_in` is the public id of the session that asks, if a recovery opened it: then the
    device is new for a day. Raises NotAllowed where a policy has no linked devices, TooManyDevices
    when the account is full.
    """
    policies.check_allowed(user, Device.KIND, visitor=visitor)
    _check_room(user)
    if replaces is not None:
        end(replaces, EnrolmentState.REPLACED)
    token = os.urandom(protocol.TOKEN_SIZE)
    now = clock.now()
    enrolment = Enrolment.objects.create(
        user=user,
        token_hash=protocol.sha256(token).hex(),
        here=here,
        recovered_in=recovered_in,
        created_at=now,
        expires_at=now + settings.KAUTH_OFFER_LIFETIME,
    )
    audit.record(EventKind.LINK_OFFERED, user=user, visitor=visitor)
    return enrolment, token


def find(token: bytes) -> Enrolment:
    """The offer of this token, whatever its state; raises NotFound."""
    token_hash = protocol.sha256(token).hex()
    enrolment = Enrolment.objects.select_related("user").filter(token_hash=token_hash).first()
    if enrolment is None or not enrolment.user.is_active:
        raise NotFound
    return enrolment


def claim(enrolment: Enrolment, claim: claims.Claim, *, visitor: Visitor, here: bool) -> Claimed:
    """Gives the offer to the device whose key signed the claim.

    The device is `pending` until the computer says yes; `active` at once only when the offer was
    made on the device itself and `here` says that the same browser session claims it. Raises
    Unauthenticated, AlreadyClaimed, Expired, BadRequest.
    """
    token_hash = protocol.sha256(claim.token)
    claims.check(claim, token_hash)
    if enrolment.here and not here:
        raise Unauthenticated
    nonce_server = os.urandom(protocol.NONCE_SIZE)
    check_number = claims.check_number(claim, token_hash, nonce_server)
    with transaction.atomic():
        _take(enrolment)
        device = _new_device(enrolment.user, claim, visitor)
        Enrolment.objects.filter(pk=enrolment.pk).update(device=device, check_number=check_number)
        doorbell.ring(doorbell.enrolment_group(enrolment.pk), "changed")
    audit.record(
        EventKind.DEVICE_CLAIMED, user=enrolment.user, visitor=visitor, device_name=device.name
    )
    if enrolment.here:
        device = _confirm_here(enrolment, visitor)
    return Claimed(
        device, token_hash, nonce_server, claims.answer(device, claim, token_hash, nonce_server)
    )


def _confirm_here(enrolment: Enrolment, visitor: Visitor) -> Device:
    """The person's yes was given before, by making the offer on this very device."""
    try:
        return confirm(enrolment.pk, user=enrolment.user, visitor=visitor)
    except (TooManyDevices, NotAllowed):
        end(enrolment.pk, EnrolmentState.REFUSED)
        raise Expired from None


def confirm(enrolment_id: int, *, user: User, visitor: Visitor) -> Device:
    """The person's yes on the computer: the device is linked.

    Raises Expired, TooManyDevices, NotAllowed.
    """
    policies.check_allowed(user, Device.KIND, visitor=visitor)
    with transaction.atomic():
        # The lock makes two confirmations of one account take turns, so that both count.
        _check_room(people.locked(user.pk))
        confirmed = Enrolment.objects.filter(
            pk=enrolment_id, user=user, state=EnrolmentState.CLAIMED, expires_at__gt=Now()
        ).update(state=EnrolmentState.CONFIRMED)
        if not confirmed:
            raise Expired
        enrolment = Enrolment.objects.select_related("device__user").get(pk=enrolment_id)
        standing.must_stand(enrolment.recovered_in)
        device = enrolment.device
        assert device is not None  # noqa: S101 - a claimed offer always has one
        Device.objects.filter(pk=device.pk, state=DeviceState.PENDING).update(
            state=DeviceState.ACTIVE, confirmed=True, new_until=_new_until(enrolment)
        )
        device.refresh_from_db()
        signals.device_linked.send(
            sender=Device, device=device, visitor=visitor, enrolment=enrolment
        )
        doorbell.ring(doorbell.device_group(device.public_id), "activated")
    audit.record(EventKind.DEVICE_LINKED, user=user, visitor=visitor, device_name=device.name)
    if device.new_until is None:
        notices.send(
            "device_linked",
            user,
            visitor=visitor,
            device_name=device.name,
            subject=f"{Device.KIND}:{device.public_id}",
        )
    return device


def refuse(enrolment_id: int, *, user: User, visitor: Visitor) -> None:
    """The person's no: the offer and the device that claimed it are over."""
    if end(enrolment_id, EnrolmentState.REFUSED):
        audit.record(EventKind.DEVICE_REFUSED, user=user, visitor=visitor)


def end(enrolment_id: int, state: EnrolmentState) -> bool:
    """Closes an open offer as `state`, and with it the device that waits in it."""
    with transaction.atomic():
        ended = Enrolment.objects.filter(pk=enrolment_id, state__in=OPEN_STATES).update(state=state)
        if ended:
            for device in Device.objects.filter(enrolment=enrolment_id, state=DeviceState.PENDING):
                _revoke_row(device)
            doorbell.ring(doorbell.enrolment_group(enrolment_id), "changed")
    return bool(ended)


def end_overdue(limit: int) -> int:
    """Closes up to `limit` offers whose time is over; returns how many. Safe to run twice."""
    overdue = Enrolment.objects.filter(state__in=OPEN_STATES, expires_at__lte=Now())
    ids = list(overdue.values_list("pk", flat=True)[:limit])
    return sum(end(pk, EnrolmentState.EXPIRED) for pk in ids)


def revoke(device: Device, *, visitor: Visitor, by: str) -> bool:
    """Unlinks `device` at once and for good; False when it was unlinked before.

    Its open requests end, its socket is told and closed, its calls are refused from now on. With
    the last device two-factor authentication goes off only if `by` is BY_PERSON: warn them before.
    Removed by anybody else it leaves an account that must enrol. `by` also is for the record.
    """
    with transaction.atomic():
        people.locked(device.user_id)
        revoked = _revoke_row(device)
        if revoked:
            signals.device_revoked.send(sender=Device, device=device, visitor=visitor, by=by)
    if revoked:
        audit.record(
            EventKind.DEVICE_REMOVED,
            user=device.user,
            visitor=visitor,
            device_name=device.name,
            detail=by,
        )
        notices.send("device_removed", device.user, visitor=visitor, device_name=device.name)
    return revoked


def unlink_itself(device: Device, *, visitor: Visitor) -> None:
    """A device leaves. Raises LastFactor for the last one: only a person may switch 2FA off."""
    with transaction.atomic():
        people.locked(device.user_id)
        if not Device.objects.of(device.user).active().exclude(pk=device.pk).exists():
            raise LastFactor
        revoke(device, visitor=visitor, by="the device itself")


def rename(device: Device, name: str, *, visitor: Visitor) -> None:
    clean = names.clean(name)
    Device.objects.filter(pk=device.pk).update(name=clean)
    audit.record(EventKind.DEVICE_RENAMED, user=device.user, visitor=visitor, device_name=clean)


def _check_room(user: User) -> None:
    if Device.objects.of(user).active().count() >= policies.of(user).most_devices:
        raise TooManyDevices


def _new_until(enrolment: Enrolment) -> datetime | None:
    after_recovery = enrolment.recovered_in is not None
    return clock.now() + settings.KAUTH_NEW_DEVICE_TIME if after_recovery else None


def _take(enrolment: Enrolment) -> None:
    """Of many claims at once one gets the offer, if the database's clock says it is in time."""
    taken = Enrolment.objects.filter(
        pk=enrolment.pk, state=EnrolmentState.OFFERED, expires_at__gt=Now()
    ).update(state=EnrolmentState.CLAIMED)
    if taken:
        return
    state = Enrolment.objects.values_list("state", flat=True).get(pk=enrolment.pk)
    late = state in (EnrolmentState.OFFERED, EnrolmentState.EXPIRED, EnrolmentState.REPLACED)
    raise Expired if late else AlreadyClaimed


def _new_device(user: User, claim: claims.Claim, visitor: Visitor) -> Device:
    device = Device(
        user=user,
        name=names.clean(claim.name),
        platform=names.clean_platform(claim.platform),
        confirmed=False,
        public_key=claim.key,
        linked_browser=visitor.browser,
        linked_address=visitor.address or None,
    )
    device.key_seal = keys.seal_of(device)
    device.otp_secret = one_time_codes.new_secret(user.pk, device.public_id)
    device.save()
    return device


def _revoke_row(device: Device) -> bool:
    revoked = Device.objects.filter(
        pk=device.pk, state__in=(DeviceState.PENDING, DeviceState.ACTIVE)
    ).update(state=DeviceState.REVOKED, confirmed=False, revoked_at=Now())
    if revoked:
        push_subscriptions.forget(device)
        doorbell.ring(doorbell.device_group(device.public_id), "revoked")
    return bool(revoked)
