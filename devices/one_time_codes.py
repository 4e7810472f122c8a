"""The code that a device shows without network: TOTP (RFC 6238), SHA-1, 6 digits, 30 seconds.

Each device has a secret of its own. A step works once. The step before the current one is good
for its first ten seconds only, the next one never.
"""

import base64
import hmac
import os
import time

from django.db.models.functions import Now
from django_otp.oath import hotp

from accounts import audit, notices, throttling
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import sealing, tampering
from devices.models import Device, DeviceState

PERIOD = 30
DIGITS = 6
SECRET_SIZE = 20
LATE = 10


class WrongCode(Exception):
    """Not a code of any linked device at this moment, or one that was used before."""


def new_secret(user_id: object, public_id: object) -> bytes:
    """A fresh 160-bit secret (RFC 4226, R6), sealed for the row of this device."""
    return sealing.seal(os.urandom(SECRET_SIZE), "otp", str(user_id), str(public_id))


def secret_of(device: Device) -> bytes:
    """Raises SealBroken, after the alarm, when the secret was not sealed for this very row."""
    try:
        return sealing.open_sealed(
            bytes(device.otp_secret), "otp", str(device.user_id), str(device.public_id)
        )
    except sealing.SealBroken:
        row = f"device {device.public_id}"
        tampering.alert("code secret", row, user=device.user, device_name=device.name)
        raise


def for_provisioning(device: Device) -> dict[str, object]:
    """The secret as the device is given it, once. Raises SealBroken."""
    secret = base64.b32encode(secret_of(device)).decode()
    return {"secret": secret, "algorithm": "SHA1", "digits": DIGITS, "period": PERIOD}


def counter_of(user: User) -> str:
    return f"code:account:{user.pk}"


def redeem(*, user: User, code: str, visitor: Visitor, counter: str = "") -> Device:
    """The device of `user` that shows `code` now; the code is used up. Raises WrongCode, Throttled.

    The attempt is counted before it is judged, over all sessions and devices of the account.
    """
    key = counter or counter_of(user)
    throttling.reserve(key, throttling.CODE)
    for device in Device.objects.of(user).active():
        if redeem_on(device, code):
            throttling.clear(key)
            audit.record(
                EventKind.CODE_ACCEPTED, user=user, visitor=visitor, device_name=device.name
            )
            return device
    audit.record(EventKind.CODE_WRONG, user=user, visitor=visitor, method="code")
    if throttling.is_off(key, throttling.CODE):
        notices.send("code_off", user, visitor=visitor, page="/2fa/")
    raise WrongCode


def redeem_on(device: Device, code: str) -> bool:
    """Whether `code` is right for `device`; if so its step is claimed and works never again."""
    if not (len(code) == DIGITS and code.isascii() and code.isdigit()):
        return False
    try:
        secret = secret_of(device)
    except sealing.SealBroken:
        return False
    matches = [s for s in steps(time.time()) if hmac.compare_digest(at(secret, s), code)]
    return any(_claim(device, step) for step in matches)


def at(secret: bytes, step: int) -> str:
    return f"{hotp(secret, step, DIGITS):0{DIGITS}d}"


def steps(now: float) -> list[int]:
    """The steps that count at `now` (Unix seconds): the current, and at first the one before."""
    current, age = divmod(int(now), PERIOD)
    return [current, current - 1] if age < LATE else [current]


def _claim(device: Device, step: int) -> bool:
    """One conditional UPDATE: of many that send the same code at once, one gets it."""
    claimed = Device.objects.filter(
        pk=device.pk, state=DeviceState.ACTIVE, otp_last_step__lt=step
    ).update(otp_last_step=step, last_used_at=Now())
    return bool(claimed)
