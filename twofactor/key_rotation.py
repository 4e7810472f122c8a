"""Moves every sealed secret to the newest key. A row changed meanwhile is left alone."""

from collections.abc import Iterator
from typing import Any

from devices import sealing
from devices.models import Device, PushSubscription
from twofactor import backup_codes
from twofactor.models import BackupCodeSet

Sealed = tuple[Any, str, str, tuple[str, ...]]


def rotate() -> dict[str, int]:
    """How many secrets of each kind were sealed anew. Raises SealBroken when one never opens."""
    return {
        "one-time-code secrets": sum(_reseal(*secret) for secret in _code_secrets()),
        "push subscriptions": sum(_reseal(*secret) for secret in _subscriptions()),
        "readable backup codes": sum(_reseal(*secret) for secret in _readable_codes()),
    }


def _code_secrets() -> Iterator[Sealed]:
    for device in Device.objects.iterator():
        yield device, "otp_secret", "otp", (str(device.user_id), str(device.public_id))


def _subscriptions() -> Iterator[Sealed]:
    for known in PushSubscription.objects.select_related("device").iterator():
        yield known, "subscription", "push", (str(known.device.public_id),)


def _readable_codes() -> Iterator[Sealed]:
    for code_set in BackupCodeSet.objects.exclude(readable=None).iterator():
        yield code_set, "readable", backup_codes.PURPOSE, (str(code_set.user_id),)


def _reseal(row: Any, column: str, purpose: str, identity: tuple[str, ...]) -> int:
    old = bytes(getattr(row, column))
    if sealing.is_current(old):
        return 0
    new = sealing.seal(sealing.open_sealed(old, purpose, *identity), purpose, *identity)
    return int(type(row).objects.filter(pk=row.pk, **{column: old}).update(**{column: new}))
