"""Ten codes on paper for the day the phone is gone. Each works once.

A code is `XXXX-XXXX-XXXX-XXXX` in Crockford's base32: two characters find it, fourteen are
secret (70 bits). The table holds Argon2id hashes of a keyed digest: a stolen table alone cannot
be guessed against, and a wrong try costs one hash. Source: NIST SP 800-63B-4, section 3.1.2.
"""

import hashlib
import hmac
import json
import secrets
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts import audit, clock, notices, throttling
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import sealing, tampering
from devices.protocol import unb64
from twofactor.exceptions import WrongBackupCode
from twofactor.models import BackupCode, BackupCodeSet

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOKALIKES = str.maketrans("OIL", "011")
COUNT = 10
SELECTOR_SIZE, SECRET_SIZE, GROUP = 2, 14, 4
PURPOSE = "backup-codes"
# OWASP's minimum: 70 random bits need no more, and ten hashes must not stop the server.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified against where no code has the selector, so that a miss takes as long as a hit.
NOTHING = HASHER.hash(secrets.token_bytes(32))


def generate(user: User, *, visitor: Visitor) -> BackupCodeSet:
    """Ten new codes in place of all earlier ones; readable for ten minutes or until put away."""
    code_set = _replace(user, _random_codes(COUNT))
    audit.record(EventKind.BACKUP_CODES_MADE, user=user, visitor=visitor)
    notices.send("backup_codes_made", user, visitor=visitor, page="/2fa/")
    return code_set


def generate_recovery(user: User) -> str:
    """One code, good for one hour, in place of all: with it the person links a device anew."""
    (code,) = _random_codes(1)
    with transaction.atomic():
        code_set = _replace(user, [code])
        code_set.recovery = True
        code_set.readable = None
        code_set.expires_at = clock.now() + settings.KAUTH_RECOVERY_CODE_LIFETIME
        code_set.save()
    return code


def redeem(*, user: User, code: str, visitor: Visitor, counter: str = "") -> BackupCodeSet:
    """Uses up `code`. Raises WrongBackupCode, Throttled. Other failures never touch its counter."""
    key = counter or f"backup:account:{user.pk}"
    throttling.reserve(key, throttling.BACKUP_CODE)
    code_set = BackupCodeSet.objects.filter(user=user).first()
    if code_set is None or not redeem_on(code_set, code):
        audit.record(EventKind.BACKUP_CODE_WRONG, user=user, visitor=visitor)
        raise WrongBackupCode
    throttling.clear(key)
    audit.record(EventKind.BACKUP_CODE_USED, user=user, visitor=visitor)
    notices.send("backup_code_used", user, visitor=visitor, left=left(user), page="/2fa/")
    return code_set


def redeem_on(code_set: BackupCodeSet, code: str) -> bool:
    """Whether `code` is an unused one of `code_set`; if so it works never again. One hash a try."""
    plain = normalise(code)
    row = code_set.codes.filter(selector=plain[:SELECTOR_SIZE], used_at=None).first()
    right = _fits(row.digest if row else NOTHING, plain, code_set.user)
    over = code_set.expires_at is not None and code_set.expires_at <= clock.now()
    if row is None or not right or over:
        return False
    return bool(BackupCode.objects.filter(pk=row.pk, used_at=None).update(used_at=Now()))


def is_recovery(user: User) -> bool:
    """Whether what this account has is an administrator's one-time code."""
    return BackupCodeSet.objects.filter(user=user, recovery=True).exists()


def left(user: User) -> int:
    return BackupCode.objects.filter(code_set__user=user, used_at=None).count()


def readable(user: User) -> list[str] | None:
    """The codes, as long as they may still be read; None afterwards, and for a broken seal."""
    code_set = BackupCodeSet.objects.filter(user=user).first()
    if code_set is None or code_set.readable is None:
        return None
    if clock.now() >= readable_until(code_set):
        put_away(user)
        return None
    try:
        plain = sealing.open_sealed(code_set.readable, PURPOSE, str(user.pk))
    except sealing.SealBroken:
        tampering.alert("backup codes", f"account {user.pk}", user=user)
        return None
    codes: list[str] = json.loads(plain)
    return codes


def readable_until(code_set: BackupCodeSet) -> datetime:
    return code_set.made_at + settings.KAUTH_BACKUP_CODES_READABLE


def saved(user: User, *, visitor: Visitor) -> bool:
    """The person has the codes on paper: from now on only the hashes are left. False when they
    were hidden before.
    """
    if not put_away(user):
        return False
    BackupCodeSet.objects.filter(user=user).update(saved_at=Now())
    audit.record(EventKind.BACKUP_CODES_SAVED, user=user, visitor=visitor)
    return True


def put_away(user: User) -> bool:
    """From now on only the hashes are left; False when it was so before."""
    return bool(
        BackupCodeSet.objects.filter(user=user).exclude(readable=None).update(readable=None)
    )


def put_away_overdue() -> int:
    """The same for all whose ten minutes are over; returns how many."""
    old = clock.now() - settings.KAUTH_BACKUP_CODES_READABLE
    overdue = BackupCodeSet.objects.filter(made_at__lte=old).exclude(readable=None)
    return int(overdue.update(readable=None))


def discard(user: User) -> None:
    """Two-factor authentication is off: the codes open nothing any more."""
    BackupCodeSet.objects.filter(user=user).delete()


def normalise(code: str) -> str:
    """What a person typed in the form that is compared: no hyphens, O as 0, I and L as 1."""
    plain = "".join(c for c in code.upper() if c.isascii() and c.isalnum())
    return plain.translate(LOOKALIKES)


def _random_codes(count: int) -> list[str]:
    selectors: set[str] = set()
    while len(selectors) < count:
        selectors.add(_random(SELECTOR_SIZE))
    return [_grouped(selector + _random(SECRET_SIZE)) for selector in sorted(selectors)]


def _random(size: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(size))


def _grouped(plain: str) -> str:
    return "-".join(plain[i : i + GROUP] for i in range(0, len(plain), GROUP))


def _replace(user: User, codes: list[str]) -> BackupCodeSet:
    """The set keeps its row, so that a session which named it stays a two-factor one."""
    hashed = [(normalise(code)[:SELECTOR_SIZE], HASHER.hash(_keyed(code))) for code in codes]
    sealed = sealing.seal(json.dumps(codes).encode(), PURPOSE, str(user.pk))
    fresh = {
        "name": "Backup codes",
        "recovery": False,
        "made_at": clock.now(),
        "expires_at": None,
        "readable": sealed,
        "saved_at": None,
    }
    with transaction.atomic():
        code_set, _ = BackupCodeSet.objects.update_or_create(user=user, defaults=fresh)
        code_set.codes.all().delete()
        BackupCode.objects.bulk_create(
            BackupCode(code_set=code_set, selector=selector, digest=digest)
            for selector, digest in hashed
        )
    return code_set


def _fits(digest: str, plain: str, user: User) -> bool:
    try:
        return HASHER.verify(digest, _keyed(plain))
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError):
        tampering.alert("backup code", f"account {user.pk}", user=user)
        return False


def _keyed(code: str) -> bytes:
    """A digest under a key outside the database: its hashes alone give nothing to guess at."""
    pepper = unb64(settings.KAUTH_CODE_PEPPER)
    return hmac.digest(pepper, normalise(code).encode(), hashlib.sha256)
