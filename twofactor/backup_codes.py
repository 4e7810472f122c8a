"""Ten codes on paper for the day the phone is gone. Each works once.

Their form and their hashes are those of twofactor.written_codes.
"""

import json
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts import audit, clock, notices, people, standing, throttling
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import sealing, tampering
from devices.models import Device
from twofactor import written_codes
from twofactor.exceptions import WrongBackupCode
from twofactor.method_models import Method
from twofactor.models import BackupCode, BackupCodeSet

COUNT = 10
PURPOSE = "backup-codes"


def generate(
    user: User, *, visitor: Visitor, subject: str = "", recovered_in: UUID | None = None
) -> BackupCodeSet:
    """Ten new codes in place of all earlier ones; readable for ten minutes or until put away.

    `subject` is the method that brought them, which "it was not me" then removes as well.
    `recovered_in` is the session that they are made in, if a recovery opened that.
    """
    code_set = _replace(user, written_codes.make(COUNT), recovered_in)
    audit.record(EventKind.BACKUP_CODES_MADE, user=user, visitor=visitor)
    notices.send("backup_codes_made", user, visitor=visitor, subject=subject)
    return code_set


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
    notices.send("backup_code_used", user, visitor=visitor, left=left(user))
    return code_set


def redeem_on(code_set: BackupCodeSet, code: str) -> bool:
    """Whether `code` is an unused one of `code_set`; if so it works never again. One hash a try."""
    selector = written_codes.selector_of(code)
    row = code_set.codes.filter(selector=selector, used_at=None).first()
    digest = row.digest if row else written_codes.NOTHING
    right = written_codes.fits(digest, code, what="backup code", user=code_set.user)
    if row is None or not right:
        return False
    return bool(BackupCode.objects.filter(pk=row.pk, used_at=None).update(used_at=Now()))


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


def made_with(method: Device | Method, *, recovered_in: UUID | None) -> None:
    """The codes came with a method that is new: whoever has one may no more than that method."""
    BackupCodeSet.objects.filter(user=method.user_id).update(
        new_until=method.new_until, recovered_in=recovered_in
    )


def are_new(user: User) -> bool:
    return BackupCodeSet.objects.filter(user=user, new_until__gt=Now()).exists()


def discard_made_with(device: Device) -> None:
    """A new device is gone, and what it brought goes with it: it has been read there."""
    if device.is_new:
        BackupCodeSet.objects.filter(user=device.user_id, new_until=device.new_until).delete()


def discard(user: User) -> None:
    """Two-factor authentication is off: the codes open nothing any more."""
    BackupCodeSet.objects.filter(user=user).delete()


def _replace(user: User, codes: list[str], recovered_in: UUID | None) -> BackupCodeSet:
    """The set keeps its row, so that a session which named it stays a two-factor one."""
    hashed = [(written_codes.selector_of(code), written_codes.hashed(code)) for code in codes]
    sealed = sealing.seal(json.dumps(codes).encode(), PURPOSE, str(user.pk))
    fresh = {
        "name": "Backup codes",
        "made_at": clock.now(),
        "new_until": None,
        "recovered_in": recovered_in,
        "readable": sealed,
        "saved_at": None,
    }
    with transaction.atomic():
        people.hold(user.pk)
        standing.must_stand(recovered_in)
        code_set, _ = BackupCodeSet.objects.update_or_create(user=user, defaults=fresh)
        code_set.codes.all().delete()
        BackupCode.objects.bulk_create(
            BackupCode(code_set=code_set, selector=selector, digest=digest)
            for selector, digest in hashed
        )
    return code_set
