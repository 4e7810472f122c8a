"""Reading what came over the wire: JSON objects, their members and the Authorization header.

Every complaint is a ProtocolError, whatever bytes arrive. Pure Python, like devices.protocol.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from devices.protocol import MAX_MESSAGE, ErrorCode, ProtocolError, b64, unb64

_SCHEME: Final = "KAuth"
_UNIX_TIME: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_MEMBERS: Final = ("device", "time", "nonce", "sig")

HTTP_STATUS: Final[dict[ErrorCode, int]] = {
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.CLOCK: 401,
    ErrorCode.REVOKED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.NOT_PENDING: 409,
    ErrorCode.ALREADY_CLAIMED: 409,
    ErrorCode.ALREADY_PROVISIONED: 409,
    ErrorCode.LAST_FACTOR: 409,
    ErrorCode.EXPIRED: 410,
    ErrorCode.TOO_BIG: 413,
    ErrorCode.SLOW_DOWN: 429,
}


def decode(raw: bytes | str) -> dict[str, Any]:
    """The JSON object in `raw`, at most 8 KiB."""
    try:
        data = raw.encode() if isinstance(raw, str) else raw
        if len(data) > MAX_MESSAGE:
            raise ProtocolError("A message is over 8 KiB.")
        # Deep nesting ends in a RecursionError, a very long number in a ValueError.
        message = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ProtocolError("A message is not JSON in UTF-8 of at most 8 KiB.") from error
    if not isinstance(message, dict):
        raise ProtocolError("A message is not a JSON object.")
    return message


def encode(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))


def text_member(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise ProtocolError(f"The member {name} is missing or not a text.")
    return value


def int_member(message: dict[str, Any], name: str) -> int:
    value = message.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProtocolError(f"The member {name} is missing or not an integer.")
    return value


def bytes_member(message: dict[str, Any], name: str, size: int) -> bytes:
    data = unb64(text_member(message, name))
    if len(data) != size:
        raise ProtocolError(f"The member {name} has not {size} bytes.")
    return data


@dataclass(frozen=True, slots=True)
class Authorization:
    """The proof that a signed call carries (section 6 of the protocol)."""

    device: str
    time: int
    nonce: bytes
    signature: bytes


def authorization_header(authorization: Authorization) -> str:
    return (
        f"{_SCHEME} device={authorization.device},time={authorization.time},"
        f"nonce={b64(authorization.nonce)},sig={b64(authorization.signature)}"
    )


def parse_authorization(header: str) -> Authorization:
    scheme, _, rest = header.partition(" ")
    pairs = [part.partition("=")[::2] for part in rest.strip().split(",")]
    members = dict(pairs)
    if scheme != _SCHEME or len(members) != len(pairs) or not set(_MEMBERS) <= set(members):
        raise ProtocolError("The Authorization header has not the form of a signed call.")
    if not _UNIX_TIME.fullmatch(members["time"]):
        raise ProtocolError("The time of a signed call is no integer.")
    return Authorization(
        device=members["device"],
        time=int(members["time"]),
        nonce=unb64(members["nonce"]),
        signature=unb64(members["sig"]),
    )
