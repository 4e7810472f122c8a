"""Codes that are written down and typed: their form, and the hashes by which they are known again.

A code is `XXXX-XXXX-XXXX-XXXX` in Crockford's base32: two characters find it, fourteen are
secret (70 bits). The table holds Argon2id hashes of a keyed digest: a stolen table alone cannot
be guessed against, and a wrong try costs one hash. Source: NIST SP 800-63B-4, section 3.1.2.
"""

import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from django.conf import settings

from accounts.models import User
from devices import tampering
from devices.protocol import unb64

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOKALIKES = str.maketrans("OIL", "011")
SELECTOR_SIZE, SECRET_SIZE, GROUP = 2, 14, 4
# OWASP's minimum: 70 random bits need no more, and ten hashes must not stop the server.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified against where no code has the selector, so that a miss takes as long as a hit.
NOTHING = HASHER.hash(secrets.token_bytes(32))


def make(count: int) -> list[str]:
    """New codes, no two of which begin with the same two characters."""
    selectors: set[str] = set()
    while len(selectors) < count:
        selectors.add(_random(SELECTOR_SIZE))
    return [_grouped(selector + _random(SECRET_SIZE)) for selector in sorted(selectors)]


def normalise(code: str) -> str:
    """What a person typed in the form that is compared: no hyphens, O as 0, I and L as 1."""
    plain = "".join(c for c in code.upper() if c.isascii() and c.isalnum())
    return plain.translate(LOOKALIKES)


def selector_of(code: str) -> str:
    return normalise(code)[:SELECTOR_SIZE]


def hashed(code: str) -> str:
    return HASHER.hash(_keyed(code))


def fits(digest: str, code: str, *, what: str, user: User) -> bool:
    """Whether `digest` is that of `code`. A digest that is none at all is told as tampering."""
    try:
        return HASHER.verify(digest, _keyed(code))
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError):
        tampering.alert(what, f"account {user.pk}", user=user)
        return False


def _random(size: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(size))


def _grouped(plain: str) -> str:
    return "-".join(plain[i : i + GROUP] for i in range(0, len(plain), GROUP))


def _keyed(code: str) -> bytes:
    """A digest under a key outside the database: its hashes alone give nothing to guess at."""
    pepper = unb64(settings.KAUTH_CODE_PEPPER)
    return hmac.digest(pepper, normalise(code).encode(), hashlib.sha256)
