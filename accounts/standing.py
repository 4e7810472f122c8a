"""What a session may do by the means that opened it: a recovery opens less than a method does.

The means are django-otp devices of the apps above, which say of themselves: `RECOVERS` (stands in
for a lost device), `LINKS_ONLY` (good for linking a device, and for nothing else) and `new_until`
(came after a recovery: until then it signs in and changes nothing).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest

from accounts import clock, sign_ins
from accounts.models import SignIn


def means_of(user: Any) -> Any | None:
    """The django-otp device by which this session passed the second factor, if it did."""
    return getattr(user, "otp_device", None)


def recovered(means: Any) -> bool:
    return bool(getattr(means, "RECOVERS", False))


def links_only(user: Any) -> bool:
    return bool(getattr(means_of(user), "LINKS_ONLY", False))


def new_until(user: Any) -> datetime | None:
    """Until when this session may change nothing of the account; None when it may."""
    until: datetime | None = getattr(means_of(user), "new_until", None)
    return until if until is not None and until > clock.now() else None


def recovery_of(request: HttpRequest) -> UUID | None:
    """The public id of this session, if it was opened by a recovery."""
    return sign_ins.current(request) if recovered(means_of(request.user)) else None


def must_stand(recovery: UUID | None) -> None:
    """Call it while the account is held, before the session of this public id adds anything: a veto
    may have ended it since the request began. Raises SessionInterrupted.
    """
    if recovery is not None and not SignIn.objects.filter(pk=recovery).exists():
        raise SessionInterrupted
