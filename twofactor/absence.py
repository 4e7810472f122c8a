"""“I am away”: until a time no request reaches the devices of an account. Codes work meanwhile.

Whoever is asleep, on stage or without the phone need not say NO to a stranger again and again.
The time ends by itself, by the database's clock.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit, clock, people
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from twofactor import challenges
from twofactor.models import Absence

LONGEST = timedelta(days=30)


class NotATime(Exception):
    """Not a moment within the next thirty days."""


def of(user: User) -> datetime | None:
    """Until when `user` is away; None when they are not."""
    away = Absence.objects.filter(user=user, until__gt=Now())
    return away.values_list("until", flat=True).first()


def begin(user: User, until: datetime, *, visitor: Visitor, device_name: str = "") -> None:
    """Refuses all requests until then, and ends the open one. Raises NotATime."""
    now = clock.now()
    if not now < until <= now + LONGEST:
        raise NotATime
    with transaction.atomic():
        # The lock that a new request takes as well: none slips in between.
        people.locked(user.pk)
        Absence.objects.update_or_create(user=user, defaults={"until": until})
        challenges.withdraw_open(user)
    audit.record(EventKind.AWAY, user=user, visitor=visitor, device_name=device_name)


def end(user: User, *, visitor: Visitor, device_name: str = "") -> None:
    """The devices are asked again; nothing happens when they were."""
    if Absence.objects.filter(user=user, until__gt=Now()).delete()[0]:
        audit.record(EventKind.BACK_AGAIN, user=user, visitor=visitor, device_name=device_name)
