"""Mails to people who have no method yet, before a policy requires 2FA of them.

At 14, 7 and 1 days before the day, once each: a row is the claim, so that runs may overlap, come
late or be left out. Whoever comes late to a step gets the one that fits now, and no heap of them.
"""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import formats, timezone

from accounts import notices, policies
from accounts.models import User
from accounts.policy_models import PolicyReminder
from twofactor import demands

DAYS_AHEAD = (1, 7, 14)


def send_due() -> int:
    """Reminds whoever is due and was not; returns how many."""
    today = timezone.now().date()
    PolicyReminder.objects.filter(require_from__lt=today).delete()
    return sum(_remind_if_due(user, today) for user in _in_question(today))


def _in_question(today: date) -> QuerySet[User]:
    """Accounts with a policy whose day is near; that it is the strictest is judged for each."""
    soon = (today + timedelta(days=1), today + timedelta(days=max(DAYS_AHEAD)))
    near = User.objects.filter(is_active=True, groups__policy__require_from__range=soon)
    return near.distinct()


def _remind_if_due(user: User, today: date) -> bool:
    day = policies.of(user).require_from
    if day is None or day <= today or demands.is_met(user):
        return False
    step = next(days for days in DAYS_AHEAD if (day - today).days <= days)
    return _remind(user, day, step)


def _remind(user: User, day: date, days_ahead: int) -> bool:
    claim: dict[str, Any] = {"user": user, "require_from": day, "days_ahead": days_ahead}
    with transaction.atomic():
        first = PolicyReminder.objects.get_or_create(**claim)[1]
        if first:
            words = policies.in_words(policies.of(user).allowed)
            when = formats.date_format(day, "j F Y")
            notices.send("policy_reminder", user, page="/2fa/", day=when, allowed=words)
    return first
