"""What `check --deploy` demands of a site that others reach: its keys, its Redis, its address."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from devices.protocol import ProtocolError, unb64
from kauth_site.env import LOCAL_HOSTS
from kauth_site.secret_files import MAKERS

KEY_SIZE = 32
# Free text is no base64url: for it Django's own measure holds.
TEXT_SIZE = 50
HERE = LOCAL_HOSTS | {"::1"}


def keys(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Every purpose has a key, long enough and of its own (D-87). No key is ever printed."""
    named = list(_keys())
    weak: list[CheckMessage] = [
        Error(
            f"{name} is missing or too short.",
            hint="docs/operations.md, Keys, says how to make a new one.",
            id="kauth.E001",
        )
        for name, key in named
        if not _is_long_enough(name, key)
    ]
    equal = [
        Error(
            f"{name} and {other} are the same.",
            hint="Each needs a value of its own: docs/operations.md, Keys.",
            id="kauth.E002",
        )
        for (name, key), (other, same) in combinations([*named, *_redis_password()], 2)
        if key and key == same
    ]
    return weak + equal


def redis(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Redis asks for a password, and nobody on the way can read along (D-91)."""
    if not settings.REDIS_URL:
        return []
    found: list[CheckMessage] = []
    if not list(_redis_password()):
        hint = "Set one in Redis, and write rediss://:PASSWORD@HOST:PORT/0."
        found.append(Error("REDIS_URL has no password.", hint=hint, id="kauth.E003"))
    address = urlsplit(settings.REDIS_URL)
    if address.scheme not in ("rediss", "unix") and address.hostname not in HERE:
        hint = "Use rediss://, a unix socket, or a Redis on this machine."
        found.append(
            Error("REDIS_URL crosses the network in the clear.", hint=hint, id="kauth.E004")
        )
    return found


def address(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Passwords and cookies do not travel in the clear, and mails reach somebody."""
    found: list[CheckMessage] = []
    if not settings.SECURE:
        hint = "Set it to the https address of the site, and put a proxy before it."
        found.append(Error("KAUTH_ORIGIN is plain http.", hint=hint, id="kauth.E005"))
    if settings.KAUTH_PUSH_TEST_SERVICE:
        hint = "It is for tests: leave it out."
        found.append(Error("KAUTH_PUSH_TEST_SERVICE is set.", hint=hint, id="kauth.E006"))
    if not settings.EMAIL_HOST:
        hint = "Until then mails are printed, and nobody can reset a password."
        found.append(checks.Warning("KAUTH_EMAIL_HOST is not set.", hint=hint, id="kauth.W001"))
    return found


def _keys() -> Iterator[tuple[str, str]]:
    """The name and value of each key; `field_keys` and `audit_key` are lists of them."""
    for file_name in MAKERS:
        name = f"KAUTH_{file_name.upper()}"
        value = settings.SECRET_KEY if file_name == "secret_key" else getattr(settings, name)
        if file_name == "field_keys":
            for entry in value.split(","):
                key_id, _, key = entry.strip().partition(":")
                yield f"{name} ({key_id[:4]})", key.rstrip("=")
        elif file_name == "audit_key":
            yield from ((name, entry.strip()) for entry in value.split(","))
        else:
            yield name, value


def _is_long_enough(name: str, key: str) -> bool:
    if name == "KAUTH_SECRET_KEY":
        return len(key) >= TEXT_SIZE
    try:
        return len(unb64(key)) >= KEY_SIZE
    except ProtocolError:
        return False


def _redis_password() -> Iterator[tuple[str, str]]:
    """A unix socket may have it in the query, as redis-py takes it."""
    address = urlsplit(settings.REDIS_URL)
    for password in (address.password, *parse_qs(address.query).get("password", [])):
        if password:
            yield "the password in REDIS_URL", password
