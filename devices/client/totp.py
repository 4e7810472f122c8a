"""The 30-second code (RFC 6238 with SHA-1, 6 digits, 30 s), made without network."""

import base64
import binascii
import hmac
import struct
from typing import Any, Final

from devices.messages import text_member
from devices.protocol import ProtocolError

PERIOD: Final = 30
DIGITS: Final = 6
_PARAMETERS: Final = {"algorithm": "SHA1", "digits": DIGITS, "period": PERIOD}


def code(secret: bytes, time: int) -> str:
    digest = hmac.digest(secret, struct.pack(">Q", time // PERIOD), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def seconds_left(time: int) -> int:
    return PERIOD - time % PERIOD


def secret_of(provision: dict[str, Any]) -> bytes:
    """The secret in the server's answer; ProtocolError when its codes would not be ours."""
    totp = provision.get("totp")
    if not isinstance(totp, dict):
        raise ProtocolError("The server sent no secret for one-time codes.")
    if any(totp.get(name) != value for name, value in _PARAMETERS.items()):
        raise ProtocolError("The server's one-time codes are of a kind that is not known here.")
    text = text_member(totp, "secret")
    try:
        secret = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise ProtocolError("The secret for one-time codes is not base32.") from error
    if not secret:
        raise ProtocolError("The secret for one-time codes is empty.")
    return secret
