"""Help-desk codes, for people who lost everything: one use, one hour, one account.

A code stands in for the second factor beside the password, and what it opens can link a device and
nothing else. It takes no method away: whoever still holds one hears of it, and can turn away what
is linked. Source: NIST SP 800-63B-4, section 4.2 (issued recovery codes).
"""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts import audit, clock, notices, people, throttling
from accounts.models import DETAIL_SIZE, EventKind, User
from accounts.visitors import Visitor
from devices import names
from twofactor import written_codes
from twofactor.exceptions import WrongHelpDeskCode
from twofactor.models import HelpDeskCode

NAME = "Help-desk code"
LONGEST_REASON = 200


def make(user: User, *, by: str, reason: str, visitor: Visitor) -> str:
    """The code, which is kept nowhere; an older one ends. `by` and `reason` are for the record.

    `visitor` is whoever makes it, and not the person whom it is for.
    """
    (code,) = written_codes.make(1)
    why = names.one_line(reason, LONGEST_REASON)
    now = clock.now()
    with transaction.atomic():
        # The lock makes two administrators take turns: the later code is the one that works.
        people.locked(user.pk)
        end(user)
        HelpDeskCode.objects.create(
            user=user,
            name=NAME,
            selector=written_codes.selector_of(code),
            digest=written_codes.hashed(code),
            made_by=by,
            reason=why,
            made_at=now,
            expires_at=now + settings.KAUTH_RECOVERY_CODE_LIFETIME,
        )
    detail = f"{by}: {why}"[:DETAIL_SIZE]
    audit.record(EventKind.HELPDESK_CODE_MADE, user=user, visitor=visitor, detail=detail)
    notices.send("helpdesk_code_made", user, by=by, reason=why)
    return code


def end(user: User) -> None:
    """The code that is open, if there is one, opens nothing any more."""
    HelpDeskCode.objects.of(user).unused().update(ended_at=clock.now())


def may_be(user: User, code: str) -> bool:
    """Whether what was typed begins like the open help-desk code of `user`."""
    begun = HelpDeskCode.objects.of(user).open().filter(selector=written_codes.selector_of(code))
    return begun.exists()


def redeem(*, user: User, code: str, visitor: Visitor, counter: str = "") -> HelpDeskCode:
    """Uses up `code`. Raises WrongHelpDeskCode, Throttled; one hash a try."""
    key = counter or f"helpdesk:account:{user.pk}"
    throttling.reserve(key, throttling.BACKUP_CODE)
    row = HelpDeskCode.objects.of(user).open().first()
    digest = row.digest if row else written_codes.NOTHING
    right = written_codes.fits(digest, code, what="help-desk code", user=user)
    if row is None or not right or not _use_up(row):
        audit.record(EventKind.HELPDESK_CODE_WRONG, user=user, visitor=visitor)
        raise WrongHelpDeskCode
    throttling.clear(key)
    audit.record(EventKind.HELPDESK_CODE_USED, user=user, visitor=visitor, detail=row.made_by)
    notices.send("helpdesk_code_used", user, visitor=visitor)
    return row


def _use_up(row: HelpDeskCode) -> bool:
    used = HelpDeskCode.objects.filter(pk=row.pk, used_at=None, ended_at=None, expires_at__gt=Now())
    return bool(used.update(used_at=Now()))
