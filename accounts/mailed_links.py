"""Links that are mailed to say yes, or "it was not me": signed, good once, and for a while.

Whoever holds one can do the one thing that it is for, signed out as well, and is never let in by
it. A forged one costs no question to the database; a stolen table holds hashes only.
"""

import hashlib
import secrets
from datetime import timedelta

from django.core import signing
from django.db.models.functions import Now

from accounts import audit, clock
from accounts.mail_models import LinkPurpose, MailedLink
from accounts.models import EventKind, User
from accounts.visitors import Visitor

SIGNER = signing.Signer(sep=".", salt="accounts.mailed_link")
TOKEN_BYTES = 32
KEPT = timedelta(days=1)


class Over(Exception):
    """The link, or what it was for, is good for nothing any more."""


def make(
    user: User, purpose: LinkPurpose, *, lifetime: timedelta, about: str = "", subject: str = ""
) -> str:
    """The signed token of a new link. Only a mail may carry it."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    MailedLink.objects.create(
        user=user,
        token_hash=_hash(token),
        purpose=purpose,
        about=about,
        subject=subject,
        created_at=now,
        expires_at=now + lifetime,
    )
    return SIGNER.sign(token)


def find(signed: str, *purposes: LinkPurpose, visitor: Visitor) -> MailedLink | None:
    """The link of this token, if it is one of `purposes` and still open; a refusal is recorded."""
    try:
        token = SIGNER.unsign(signed)
    except signing.BadSignature:
        return None
    known = MailedLink.objects.select_related("user").filter(
        token_hash=_hash(token), purpose__in=purposes
    )
    link = known.open().first()
    if link is None:
        gone = known.first()
        tell_refused(gone.user if gone else None, visitor=visitor)
    return link


def use(link: MailedLink) -> bool:
    """Uses `link` up: of many at once one gets it, and nobody when its time is over."""
    return bool(MailedLink.objects.open().filter(pk=link.pk).update(used_at=Now()))


def tell_refused(user: User | None, *, visitor: Visitor) -> None:
    """For the record: a link was opened that is over."""
    audit.record(EventKind.LINK_REFUSED, user=user, visitor=visitor)


def forget_old() -> int:
    """Drops those whose time is over; returns how many."""
    return MailedLink.objects.filter(expires_at__lt=clock.now() - KEPT).delete()[0]


def _hash(token: str) -> str:
    """Random bits need no salt, only one-wayness."""
    return hashlib.sha256(token.encode()).hexdigest()
