"""Moves every sealed secret to the newest key. A row changed meanwhile is left alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from devices import one_time_codes, sealing
from devices.models import Device, PushSubscription
from devices.sealing import SealBroken
from twofactor import backup_codes
from twofactor.method_models import OtpApp
from twofactor.models import BackupCodeSet


class Sealed(NamedTuple):
    """One stored secret: where it is, what it was sealed for, and how to call its row."""

    row: Any
    column: str
    purpose: str
    identity: tuple[str, ...]
    name: str


@dataclass
class Rotation:
    """How many secrets of each kind were sealed anew, and the rows whose seal is broken."""

    sealed: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def rotate() -> Rotation:
    """Opens every secret, also those under the newest key, and seals anew what is under another."""
    done = Rotation()
    for kind, secrets in KINDS.items():
        done.sealed[kind] = 0
        for secret in secrets():
            try:
                done.sealed[kind] += _reseal(secret)
            except SealBroken:
                done.broken.append(f"{kind}: {secret.name}")
    return done


def _code_secrets() -> Iterator[Sealed]:
    sources: Iterator[Any] = chain(Device.objects.iterator(), OtpApp.objects.iterator())
    for source in sources:
        identity = (str(source.user_id), str(source.public_id))
        name = one_time_codes.row_name(source)
        yield Sealed(source, "otp_secret", source.CODE_PURPOSE, identity, name)


def _subscriptions() -> Iterator[Sealed]:
    for known in PushSubscription.objects.select_related("device").iterator():
        name = str(known.device.public_id)
        yield Sealed(known, "subscription", "push", (name,), f"device {name}")


def _readable_codes() -> Iterator[Sealed]:
    for code_set in BackupCodeSet.objects.exclude(readable=None).iterator():
        name = str(code_set.user_id)
        yield Sealed(code_set, "readable", backup_codes.PURPOSE, (name,), f"account {name}")


KINDS: dict[str, Callable[[], Iterator[Sealed]]] = {
    "one-time-code secrets": _code_secrets,
    "push subscriptions": _subscriptions,
    "readable backup codes": _readable_codes,
}


def _reseal(secret: Sealed) -> int:
    row, column, purpose, identity, _ = secret
    old = bytes(getattr(row, column))
    plain = sealing.open_sealed(old, purpose, *identity)
    if sealing.is_current(old):
        return 0
    new = sealing.seal(plain, purpose, *identity)
    return int(type(row).objects.filter(pk=row.pk, **{column: old}).update(**{column: new}))
