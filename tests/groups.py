"""Groups with a policy, for tests."""

import itertools
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from accounts.policy_models import Policy

_numbers = itertools.count(1)


def put_under(user: User, **asked: Any) -> Policy:
    """A new group of `user`, whose policy asks for this."""
    group = Group.objects.create(name=f"Group {next(_numbers)}")
    user.groups.add(group)
    return Policy.objects.create(group=group, **asked)


def in_days(days: int) -> date:
    return timezone.now().date() + timedelta(days=days)
