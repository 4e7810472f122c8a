"""The secret of the mailed link that turns away a new device: the table has its hash only."""

import os

from devices import protocol
from devices.models import Device


def make(device: Device) -> str:
    """A token (32 random bytes) for the mail, good once and while `device` is new."""
    token = os.urandom(protocol.TOKEN_SIZE)
    Device.objects.filter(pk=device.pk).update(veto_hash=_hash_of(token))
    return protocol.b64(token)


def find(token: str) -> Device | None:
    """The new device that this token turns away, if it still does."""
    try:
        hashed = _hash_of(protocol.unb64(token))
    except protocol.ProtocolError:
        return None
    return Device.objects.new().select_related("user").filter(veto_hash=hashed).first()


def use(token: str) -> Device | None:
    """The same, and the token works never again."""
    device = find(token)
    if device is None:
        return None
    used = Device.objects.new().filter(pk=device.pk, veto_hash=device.veto_hash)
    return device if used.update(veto_hash="") else None


def _hash_of(token: bytes) -> str:
    return protocol.sha256(token).hex()
