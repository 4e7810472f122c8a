"""The server's own key pair, and the seal on each stored device key.

The server's key signs greetings and requests and nothing else. It never touches the database.
"""

import functools
import hashlib
import hmac
from typing import TYPE_CHECKING

from django.conf import settings

from devices import p256, protocol, tampering
from devices.protocol import unb64

if TYPE_CHECKING:
    from devices.models import Device


@functools.cache
def _private() -> p256.PrivateKey:
    return p256.private_from_bytes(unb64(settings.KAUTH_SERVER_KEY))


@functools.cache
def public() -> bytes:
    """The server's public key, 65 bytes."""
    return p256.public_bytes(_private())


@functools.cache
def server_id() -> bytes:
    return protocol.server_id(public())


def sign(frame: bytes) -> str:
    """The server's signature over `frame`, as it goes over the wire."""
    return protocol.b64(p256.sign(_private(), frame))


def device_signed(device: "Device", signature: bytes, frame: bytes) -> bool:
    """Whether `signature` over `frame` is by the key that was stored when the device was linked."""
    if not seal_holds(device):
        tampering.alert(
            "key", f"device {device.public_id}", user=device.user, device_name=device.name
        )
        return False
    return p256.verify(p256.load_public(bytes(device.public_key)), signature, frame)


def seal_of(device: "Device") -> bytes:
    """A MAC over what must not change: whoever can write the table still cannot plant a key."""
    return row_mac(
        "device-key",
        str(device.public_id).encode(),
        str(device.user_id).encode(),
        device.algorithm.encode(),
        bytes(device.public_key),
    )


def row_mac(purpose: str, *columns: bytes) -> bytes:
    """A MAC over the columns of one row, under a key outside the database."""
    frame = protocol.frame(f"kauth/v1/at-rest/{purpose}", *columns)
    return hmac.digest(unb64(settings.KAUTH_ROW_MAC_KEY), frame, hashlib.sha256)


def seal_holds(device: "Device") -> bool:
    return hmac.compare_digest(bytes(device.key_seal), seal_of(device))


def verify_in_vain(signature: bytes) -> None:
    """Costs what a verification costs: an unknown name answers no faster than a wrong key."""
    p256.verify(p256.load_public(public()), signature, b"")
