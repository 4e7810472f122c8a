"""The challenges that security keys sign: kept here, bound to one session, good once and briefly.

WebAuthn calls the exchange of a challenge and its answer a ceremony.
"""

import secrets

from django.conf import settings
from django.db.models.functions import Now

from accounts import clock
from accounts.models import User
from twofactor.exceptions import KeyRefused
from twofactor.method_models import CEREMONY_BYTES, KeyCeremony

REGISTER = "register"


def begin(*, user: User, binding: str, purpose: str) -> bytes:
    """A fresh challenge for this session and purpose, in place of an earlier one."""
    challenge = secrets.token_bytes(CEREMONY_BYTES)
    fresh = {
        "user": user,
        "challenge": challenge,
        "expires_at": clock.now() + settings.KAUTH_KEY_CEREMONY_LIFETIME,
        "used_at": None,
    }
    KeyCeremony.objects.update_or_create(binding=binding, purpose=purpose, defaults=fresh)
    return challenge


def take(*, user: User, binding: str, purpose: str) -> bytes:
    """The challenge of this session, which is used up whatever comes of it. Raises KeyRefused."""
    row = KeyCeremony.objects.filter(user=user, binding=binding, purpose=purpose).first()
    if row is None or not _use_up(row):
        raise KeyRefused
    return bytes(row.challenge)


def forget_old() -> int:
    """Deletes those whose time is over; returns how many."""
    return int(KeyCeremony.objects.filter(expires_at__lte=Now()).delete()[0])


def _use_up(row: KeyCeremony) -> bool:
    in_time = KeyCeremony.objects.filter(
        pk=row.pk, challenge=row.challenge, used_at=None, expires_at__gt=Now()
    )
    return bool(in_time.update(used_at=Now()))
