"""Secrets at rest: AES-256-GCM, bound to the row that they belong to.

A sealed value is `0x01 || key id (4) || nonce (12) || ciphertext and tag`. The associated data
names the purpose and the row, so that a value moved to another row or column opens nowhere.
Keys stand outside the database, `id:base64url,id:base64url`: the first seals, all open.
"""

import base64
import functools
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from devices import protocol

VERSION = b"\x01"
ID_SIZE, NONCE_SIZE, KEY_SIZE = 4, 12, 32
HEADER_SIZE = len(VERSION) + ID_SIZE + NONCE_SIZE


class SealBroken(Exception):
    """The value was not sealed for this row with any key that we have."""


def seal(secret: bytes, purpose: str, *identity: str) -> bytes:
    """`secret`, readable again only for the same `purpose` (such as "otp") and row identity."""
    key_id, key = next(iter(_keys(settings.KAUTH_FIELD_KEYS).items()))
    nonce = os.urandom(NONCE_SIZE)
    sealed = AESGCM(key).encrypt(nonce, secret, _bound_to(purpose, identity))
    return VERSION + key_id + nonce + sealed


def open_sealed(value: bytes, purpose: str, *identity: str) -> bytes:
    """The secret again; raises SealBroken."""
    value = bytes(value)
    key_id, nonce = value[1 : 1 + ID_SIZE], value[1 + ID_SIZE : HEADER_SIZE]
    key = _keys(settings.KAUTH_FIELD_KEYS).get(key_id)
    if value[:1] != VERSION or key is None:
        raise SealBroken
    try:
        return AESGCM(key).decrypt(nonce, value[HEADER_SIZE:], _bound_to(purpose, identity))
    except (InvalidTag, ValueError):  # the latter for what is too short to be sealed
        raise SealBroken from None


def is_current(value: bytes) -> bool:
    """Whether the newest key sealed it."""
    newest = next(iter(_keys(settings.KAUTH_FIELD_KEYS)))
    return bytes(value)[1 : 1 + ID_SIZE] == newest


def _bound_to(purpose: str, identity: tuple[str, ...]) -> bytes:
    return protocol.frame(f"kauth/v1/at-rest/{purpose}", *(part.encode() for part in identity))


@functools.lru_cache(maxsize=4)
def _keys(listed: str) -> dict[bytes, bytes]:
    keys = {}
    for entry in listed.split(","):
        name, _, encoded = entry.strip().partition(":")
        key = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        if not 0 < len(name) <= ID_SIZE or not name.isascii() or len(key) != KEY_SIZE:
            raise ImproperlyConfigured(
                "KAUTH_FIELD_KEYS must read id:key,id:key with ids of 1 to 4 characters and "
                "keys of 32 bytes in base64url."
            )
        keys[name.encode().ljust(ID_SIZE, b"\0")] = key
    return keys
