"""The frames, addresses and message rules of docs/protocol.md, shared by the server and the client.

Pure Python: it knows no Django, no key and no network. What is signed is built here.
"""

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

VERSION: Final = 1
SUBPROTOCOL: Final = "kauth.device.v1"
SOCKET_PATH: Final = "/ws/device/"
LINK_PATH: Final = "/app/link"
MAX_MESSAGE: Final = 8192

TOKEN_SIZE: Final = 32
KEY_SIZE: Final = 65
HASH_SIZE: Final = 32
NONCE_SIZE: Final = 32
HTTP_NONCE_SIZE: Final = 16
SIGNATURE_SIZE: Final = 64

_LABEL_PREFIX: Final = "kauth/v1/"
_UNPADDED_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
_HOST: Final = r"(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*|\[[0-9a-f:]+\])"
_ORIGIN: Final = re.compile(rf"(https?)://({_HOST})(?::([1-9][0-9]{{0,4}}))?")
_PLAIN_HTTP_HOSTS: Final = frozenset({"localhost", "127.0.0.1"})
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


class ProtocolError(ValueError):
    """Something does not have the form that docs/protocol.md gives it."""


class CloseCode(IntEnum):
    GOING_AWAY = 1001
    TOO_MANY = 1008
    TOO_BIG = 1009
    BAD_MESSAGE = 4400
    NOT_AUTHENTICATED = 4401
    REVOKED = 4403
    NO_AUTH_IN_TIME = 4408


class ErrorCode(StrEnum):
    BAD_REQUEST = "bad_request"
    UNAUTHENTICATED = "unauthenticated"
    CLOCK = "clock"
    REVOKED = "revoked"
    NOT_FOUND = "not_found"
    NOT_PENDING = "not_pending"
    ALREADY_CLAIMED = "already_claimed"
    ALREADY_PROVISIONED = "already_provisioned"
    LAST_FACTOR = "last_factor"
    EXPIRED = "expired"
    TOO_BIG = "too_big"
    SLOW_DOWN = "slow_down"


# Encoding


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """The one byte string that `b64` turns into `text`; ProtocolError for every other spelling."""
    if not _UNPADDED_BASE64URL.fullmatch(text):
        raise ProtocolError("This is not base64url without padding.")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ProtocolError("This is not base64url without padding.") from error
    if b64(data) != text:
        # Spare bits that are not zero would give one value several spellings.
        raise ProtocolError("This is not the canonical base64url of its bytes.")
    return data


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def u64(number: int) -> bytes:
    if not 0 <= number < 2**64:
        raise ProtocolError("A number does not fit into 64 bits.")
    return number.to_bytes(8, "big")


def _length_prefixed(data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        raise ProtocolError("A field is longer than 65535 bytes.")
    return struct.pack(">H", len(data)) + data


def frame(label: str, *fields: bytes) -> bytes:
    """F(label, f1..fn): lengths and count are part of it, so no two lists of fields share bytes."""
    if not label.startswith(_LABEL_PREFIX) or not label.isascii():
        raise ProtocolError(f"A label begins with {_LABEL_PREFIX}.")
    if len(fields) > 0xFF:
        raise ProtocolError("A frame has at most 255 fields.")
    body = b"".join(_length_prefixed(field) for field in fields)
    return _length_prefixed(label.encode("ascii")) + bytes([len(fields)]) + body


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:  # JSON can spell half a surrogate pair
        raise ProtocolError("A text holds half a character.") from error


def _field(value: bytes | str | int) -> bytes:
    if isinstance(value, bytes):
        return value
    return _utf8(value) if isinstance(value, str) else u64(value)


def _frame(label: str, *values: bytes | str | int) -> bytes:
    return frame(label, *(_field(value) for value in values))


# Frames. The order of the fields is the order of docs/protocol.md.


def server_id(server_key: bytes) -> bytes:
    return sha256(server_key)


def link_device(
    *, origin: str, server_id: bytes, token_hash: bytes, key: bytes, name: str, nonce_device: bytes
) -> bytes:
    return _frame("kauth/v1/link-device", origin, server_id, token_hash, key, name, nonce_device)


def link_server(
    *,
    origin: str,
    server_id: bytes,
    token_hash: bytes,
    key: bytes,
    device: str,
    account: str,
    nonce_device: bytes,
    nonce_server: bytes,
) -> bytes:
    what = (token_hash, key, device, account)
    return _frame("kauth/v1/link-server", origin, server_id, *what, nonce_device, nonce_server)


def link_check(
    *,
    origin: str,
    server_id: bytes,
    token_hash: bytes,
    key: bytes,
    nonce_device: bytes,
    nonce_server: bytes,
) -> bytes:
    return _frame(
        "kauth/v1/link-check", origin, server_id, token_hash, key, nonce_device, nonce_server
    )


def check_number(link_check_frame: bytes) -> str:
    """The six digits that the device and the computer both show while linking."""
    return f"{int.from_bytes(sha256(link_check_frame)[:8], 'big') % 10**6:06d}"


def ws_device(
    *, origin: str, server_id: bytes, device: str, nonce_server: bytes, nonce_device: bytes
) -> bytes:
    return _frame("kauth/v1/ws-device", origin, server_id, device, nonce_server, nonce_device)


def ws_server(
    *,
    origin: str,
    server_id: bytes,
    device: str,
    nonce_device: bytes,
    nonce_server: bytes,
    time: int,
) -> bytes:
    return _frame("kauth/v1/ws-server", origin, server_id, device, nonce_device, nonce_server, time)


def request(
    *,
    origin: str,
    server_id: bytes,
    challenge: str,
    device: str,
    account: str,
    purpose: str,
    match: str,
    created: int,
    expires: int,
    context: str,
) -> bytes:
    what = (challenge, device, account, purpose, match, created, expires)
    return _frame("kauth/v1/request", origin, server_id, *what, sha256(_utf8(context)))


def answer(
    *,
    origin: str,
    server_id: bytes,
    challenge: str,
    device: str,
    account: str,
    purpose: str,
    decision: str,
    number: str,
    expires: int,
    request_frame: bytes,
) -> bytes:
    what = (challenge, device, account, purpose, decision, number, expires)
    return _frame("kauth/v1/answer", origin, server_id, *what, sha256(request_frame))


def http(
    *,
    origin: str,
    server_id: bytes,
    device: str,
    method: str,
    path: str,
    body: bytes,
    time: int,
    nonce: bytes,
) -> bytes:
    what = (device, method, path, sha256(body), time, nonce)
    return _frame("kauth/v1/http", origin, server_id, *what)


# Addresses


@dataclass(frozen=True, slots=True)
class Link:
    """What a link offer says: which server, by which key, and the secret that claims it."""

    origin: str
    token: bytes
    server_id: bytes


def checked_origin(text: str) -> str:
    """`text`, when it is spelled as browsers spell an origin; plain HTTP for this machine only."""
    match = _ORIGIN.fullmatch(text)
    if not match:
        raise ProtocolError(f"{text!r} is not an address like https://auth.example.org.")
    scheme, host, port = match.groups()
    if scheme == "http" and host not in _PLAIN_HTTP_HOSTS:
        raise ProtocolError("http:// is for localhost and 127.0.0.1 only; use https://.")
    if port and (port == _DEFAULT_PORTS[scheme] or int(port) > 65535):
        raise ProtocolError(f"The port {port} does not belong into this address.")
    return text


def link_address(origin: str, token: bytes, server_id: bytes) -> str:
    """The text of the QR. The token stands in the fragment: no server, proxy or log sees it."""
    return f"{origin}{LINK_PATH}#v={VERSION}&t={b64(token)}&s={b64(server_id)}"


def _fragment_members(fragment: str) -> dict[str, str]:
    members: dict[str, str] = {}
    for part in fragment.split("&"):
        name, equals, value = part.partition("=")
        if not equals or name in members:
            raise ProtocolError("The part of the link after # is damaged. Copy the whole link.")
        members[name] = value
    return members


def parse_link(address: str) -> Link:
    """Reads the text of a QR; ProtocolError says in words what is wrong with it."""
    place, _, fragment = address.strip().partition("#")
    if not place.endswith(LINK_PATH):
        raise ProtocolError(f"This is not a link of a kAuth server: {LINK_PATH} is missing.")
    origin = checked_origin(place.removesuffix(LINK_PATH))
    if not fragment:
        raise ProtocolError("The part of the link after # is missing. Copy the whole link.")
    members = _fragment_members(fragment)
    if members.get("v") != str(VERSION):
        raise ProtocolError("This link is of a version that is not known here. Update this app.")
    token, known_server = (unb64(members.get(name, "")) for name in ("t", "s"))
    if len(token) != TOKEN_SIZE or len(known_server) != HASH_SIZE:
        raise ProtocolError("This link is cut off or damaged. Copy the whole link.")
    return Link(origin=origin, token=token, server_id=known_server)
