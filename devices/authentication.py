"""Who is calling the device API: a device proves itself by signing each call. No bearer secret.

Source: docs/protocol.md, section 6.
"""

import time
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Exists,
    GenericIPAddressField,
    OuterRef,
    QuerySet,
    UUIDField,
)
from django.db.models.functions import Now
from django.utils import timezone

from accounts import prepared
from accounts.visitors import Visitor
from devices import keys, protocol
from devices.exceptions import BadRequest, Revoked, Unauthenticated, WrongClock
from devices.messages import parse_authorization
from devices.models import Device, DeviceState, Enrolment, SeenNonce

CLOCK_TOLERANCE = 60
# A call passes for two minutes at most, by clocks that may differ a little.
NONCES_KEPT = timedelta(minutes=3)
# How exactly people see when a device was last in use; it saves a write at each answer.
TOUCH_EVERY = timedelta(minutes=1)


def caller(*, header: str, method: str, path: str, body: bytes) -> Device:
    """The pending or active device that signed this call.

    Raises BadRequest, Unauthenticated, WrongClock, Revoked. A call that changes anything is good
    once: its nonce is written down.
    """
    if not header:
        raise Unauthenticated
    try:
        proof = parse_authorization(header)
    except protocol.ProtocolError as error:
        raise BadRequest(str(error)) from error
    if len(proof.nonce) != protocol.HTTP_NONCE_SIZE:
        raise BadRequest
    frame = protocol.http(
        origin=settings.KAUTH_ORIGIN,
        server_id=keys.server_id(),
        device=proof.device,
        method=method,
        path=path,
        body=body,
        time=proof.time,
        nonce=proof.nonce,
    )
    device = signer(proof.device, signature=proof.signature, frame=frame)
    if device.state == DeviceState.REVOKED:
        raise Revoked
    if abs(int(time.time()) - proof.time) > CLOCK_TOLERANCE:
        raise WrongClock
    if method != "GET":
        _use_up(device, proof.nonce)
    return device


def signer(public_id: str, *, signature: bytes, frame: bytes) -> Device:
    """The device of this identifier, in any state, which signed `frame`.

    Raises Unauthenticated, for an unknown identifier as late as for a wrong signature.
    """
    try:
        device = find(public_id)
    except Unauthenticated:
        keys.verify_in_vain(signature)
        raise
    if not keys.device_signed(device, signature, frame):
        raise Unauthenticated
    return device


def arrives(public_id: str, *, signature: bytes, frame: bytes, visitor: Visitor) -> Device:
    """The device that opens a socket, as `signer` has it; when and from where is remembered."""
    device = signer(public_id, signature=signature, frame=frame)
    if device.state != DeviceState.REVOKED:
        touch(device, visitor)
    return device


def find(public_id: str) -> Device:
    """The device of this identifier in any state, its account active; raises Unauthenticated.

    One that waits in an offer whose time is over counts as unlinked at once, by the database's
    clock: the expiry run, which will write it down, may be late or never come.
    """
    try:
        device: Any = _known.first(public_id=uuid.UUID(public_id))
    except ValueError:
        raise Unauthenticated from None
    # One spelling only: what is signed is the identifier as it stands.
    if device is None or str(device.public_id) != public_id or not device.user.is_active:
        raise Unauthenticated
    if device.state == DeviceState.PENDING and not device.in_time:
        device.state = DeviceState.REVOKED
    return device


@prepared.rows(public_id=UUIDField())
def _known(public_id: Any) -> QuerySet[Device]:
    in_time = Enrolment.objects.filter(device=OuterRef("pk"), expires_at__gt=Now())
    known = Device.objects.filter(public_id=public_id)
    return known.select_related("user").annotate(in_time=Exists(in_time))


def revoked_among(public_ids: list[str]) -> frozenset[str]:
    """Those of these devices that are unlinked."""
    gone = Device.objects.filter(public_id__in=public_ids, state=DeviceState.REVOKED)
    return frozenset(str(public_id) for public_id in gone.values_list("public_id", flat=True))


def touch(device: Device, visitor: Visitor) -> None:
    """Remembers when and from where the device was last in use, to the minute."""
    same = device.last_address == (visitor.address or None)
    if same and device.last_used_at and device.last_used_at > timezone.now() - TOUCH_EVERY:
        return
    _touch(device=device.pk, now=timezone.now(), address=visitor.address or None)


@prepared.update(
    device=BigIntegerField(), now=DateTimeField(), address=GenericIPAddressField(null=True)
)
def _touch(device: Any, now: Any, address: Any) -> tuple[Any, Any]:
    return Device.objects.filter(pk=device), {"last_used_at": now, "last_address": address}


def forget_nonces() -> int:
    """Drops the nonces whose calls are too old to pass anyway; returns how many."""
    old = timezone.now() - NONCES_KEPT
    return SeenNonce.objects.filter(seen_at__lt=old).delete()[0]


def _use_up(device: Device, nonce: bytes) -> None:
    try:
        with transaction.atomic():
            SeenNonce.objects.create(device=device, nonce=nonce)
    except IntegrityError:
        raise Unauthenticated from None
