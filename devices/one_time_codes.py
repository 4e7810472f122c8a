"""The code that a device shows without network: TOTP (RFC 6238), SHA-1, 6 digits, 30 seconds.

OTP apps of other makers show the same. Each has a secret of its own. A step works once. The step
before the current one is good for its first ten seconds only, the next one never.
"""

import base64
import hmac
import os
import time
from collections.abc import Iterable
from typing import Any

from django.db.models.functions import Now
from django_otp.oath import hotp

from accounts import audit, notices, policies, throttling
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import sealing, tampering
from devices.models import Device

PERIOD = 30
DIGITS = 6
SECRET_SIZE = 20
LATE = 10

# A row of django-otp with `otp_secret`, `otp_last_step` and a purpose to seal for: a linked device,
# or an app of another maker.
Source = Any


class WrongCode(Exception):
    """Not a code of any linked device or OTP app at this moment, or one that was used before."""


def new_secret(user_id: object, public_id: object, purpose: str = Device.CODE_PURPOSE) -> bytes:
    """A fresh 160-bit secret (RFC 4226, R6), sealed for the row of this device."""
    return sealing.seal(os.urandom(SECRET_SIZE), purpose, str(user_id), str(public_id))


def secret_of(source: Source) -> bytes:
    """Raises SealBroken, after the alarm, when the secret was not sealed for this very row."""
    identity = (str(source.user_id), str(source.public_id))
    try:
        return sealing.open_sealed(bytes(source.otp_secret), source.CODE_PURPOSE, *identity)
    except sealing.SealBroken:
        name = row_name(source)
        tampering.alert("code secret", name, user=source.user, device_name=source.name)
        raise


def row_name(source: Source) -> str:
    """For those who look after the database."""
    return f"{source._meta.model_name} {source.public_id}"


def in_base32(source: Source) -> str:
    """The secret as people and apps write it."""
    return base64.b32encode(secret_of(source)).decode()


def for_provisioning(device: Device) -> dict[str, object]:
    """The secret as the device is given it, once. Raises SealBroken."""
    secret = in_base32(device)
    return {"secret": secret, "algorithm": "SHA1", "digits": DIGITS, "period": PERIOD}


def counter_of(user: User) -> str:
    return f"code:account:{user.pk}"


def redeem(
    *,
    user: User,
    code: str,
    visitor: Visitor,
    counter: str = "",
    apps: Iterable[Source] = (),
) -> Source:
    """The linked device of `user`, or the one of their `apps`, that shows `code` now.

    The code is used up. The attempt is counted before it is judged, once for all of them and over
    all sessions of the account. Raises WrongCode, Throttled.
    """
    key = counter or counter_of(user)
    throttling.reserve(key, throttling.CODE)
    for source in [*_devices(user), *apps]:
        if redeem_on(source, code):
            throttling.clear(key)
            audit.record(
                EventKind.CODE_ACCEPTED, user=user, visitor=visitor, device_name=source.name
            )
            return source
    audit.record(EventKind.CODE_WRONG, user=user, visitor=visitor, method="code")
    if throttling.is_off(key, throttling.CODE):
        notices.send("code_off", user, visitor=visitor)
    raise WrongCode


def _devices(user: User) -> list[Device]:
    """Those whose codes count: none, where a policy of the account has no linked devices."""
    if not policies.of(user).allows(Device.KIND):
        return []
    return list(Device.objects.of(user).active())


def redeem_on(source: Source, code: str) -> bool:
    """Whether `code` is right for `source`; if so its step is claimed and works never again."""
    return any(_claim(source, step) for step in matching_steps(source, code))


def matching_steps(source: Source, code: str) -> list[int]:
    """The steps that count now and for which `source` shows `code`, whether used before or not."""
    if not (len(code) == DIGITS and code.isascii() and code.isdigit()):
        return []
    try:
        secret = secret_of(source)
    except sealing.SealBroken:
        return []
    return [s for s in steps(time.time()) if hmac.compare_digest(at(secret, s), code)]


def at(secret: bytes, step: int) -> str:
    return f"{hotp(secret, step, DIGITS):0{DIGITS}d}"


def steps(now: float) -> list[int]:
    """The steps that count at `now` (Unix seconds): the current, and at first the one before."""
    current, age = divmod(int(now), PERIOD)
    return [current, current - 1] if age < LATE else [current]


def _claim(source: Source, step: int) -> bool:
    """One conditional UPDATE: of many that send the same code at once, one gets it."""
    claimed = (
        type(source)
        .objects.filter(pk=source.pk, confirmed=True, otp_last_step__lt=step)
        .update(otp_last_step=step, last_used_at=Now())
    )
    return bool(claimed)
