"""What the groups of an account ask of it: the one place that reads, joins and changes policies.

Where several groups have a policy the strictest wins, point by point: the earliest date, the
methods that all of them allow, the number if one wants it, the fewest devices, the shortest
session. Where they agree on no method, the strongest that any of them allows is left, so that two
policies together never shut out everybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import audit
from accounts.models import DETAIL_SIZE, EventKind, User
from accounts.policy_models import ALL_METHODS, METHODS, NAMES, Policy
from accounts.visitors import Visitor


class NotAllowed(Exception):
    """A policy of the account's groups does not allow this method."""


@dataclass(frozen=True)
class Rules:
    """What holds for one account, all its groups together."""

    require_from: date | None = None
    allowed: frozenset[str] = ALL_METHODS
    always_number: bool = False
    most_devices: int = settings.KAUTH_DEVICES_PER_ACCOUNT
    session: timedelta | None = None

    @property
    def required(self) -> bool:
        """Whether the account needs a second factor today."""
        return self.require_from is not None and self.require_from <= timezone.now().date()

    def allows(self, kind: str) -> bool:
        return kind in self.allowed


FREE = Rules()
# What programs and events call the kinds.
SHORT = {"key": "keys", "kauth": "devices", "otp": "otp"}


def of(user: User) -> Rules:
    """One query, and none where the account, when it was read, had no policy at all."""
    if user.under_policy is False:
        return FREE
    return strictest(Policy.objects.filter(group__user=user))


def strictest(policies: Iterable[Policy]) -> Rules:
    """The rules of an account under all of `policies`."""
    rules, named = FREE, frozenset[str]()
    for policy in policies:
        named |= policy.allowed
        rules = Rules(
            require_from=min(filter(None, (rules.require_from, policy.require_from)), default=None),
            allowed=rules.allowed & policy.allowed,
            always_number=rules.always_number or policy.always_number,
            most_devices=min(rules.most_devices, policy.most_devices or rules.most_devices),
            session=min(filter(None, (rules.session, _session(policy))), default=None),
        )
    if rules.allowed:
        return rules
    return replace(rules, allowed=frozenset([next(kind for kind in METHODS if kind in named)]))


def in_words(kinds: frozenset[str]) -> str:
    """Such as "security key or kAuth app", the strongest first."""
    *first, last = (str(name) for kind, name in NAMES.items() if kind in kinds)
    if not first:
        return last
    return gettext("%(first)s or %(last)s") % {"first": ", ".join(first), "last": last}


def check_allowed(user: User, kind: str, *, visitor: Visitor = audit.NOBODY) -> None:
    """Raises NotAllowed, and records it, where `user` may not use methods of this kind."""
    if not of(user).allows(kind):
        audit.record(EventKind.METHOD_NOT_ALLOWED, user=user, visitor=visitor, method=kind)
        raise NotAllowed


def save(policy: Policy, *, by: str, visitor: Visitor = audit.NOBODY, why: str = "") -> bool:
    """Writes `policy` down, and what changed in it; False when nothing did."""
    before = Policy.objects.filter(pk=policy.pk).first() if policy.pk else None
    old, new = _facts(before), _facts(policy)
    changes = [f"{name}: {old[name]} -> {new[name]}" for name in new if old[name] != new[name]]
    if before is not None and not changes:
        return False
    with transaction.atomic():
        policy.save()
        _record(policy, ", ".join(changes) or "asks for nothing", by, visitor, why)
    return True


def clear(policy: Policy, *, by: str, visitor: Visitor = audit.NOBODY, why: str = "") -> None:
    """The group has no policy any more."""
    with transaction.atomic():
        _record(policy, "cleared", by, visitor, why)
        policy.delete()


def describe(policy: Policy) -> dict[str, Any]:
    """Its fields as plain values, for programs."""
    return {
        "group": policy.group.name,
        "require_from": policy.require_from.isoformat() if policy.require_from else None,
        "methods": [word for word, kind in SHORT.items() if kind in policy.allowed],
        "always_number": policy.always_number,
        "most_devices": policy.most_devices,
        "session_hours": policy.session_hours,
    }


def _facts(policy: Policy | None) -> dict[str, Any]:
    facts = describe(policy or Policy(group=Group(name="")))
    del facts["group"]
    words = {name: "none" if fact is None else fact for name, fact in facts.items()}
    return {**words, "methods": "+".join(facts["methods"])}


def _session(policy: Policy) -> timedelta | None:
    return timedelta(hours=policy.session_hours) if policy.session_hours else None


def _record(policy: Policy, what: str, by: str, visitor: Visitor, why: str) -> None:
    reason = f"; why: {why}" if why else ""
    detail = f"{by}: group {policy.group.name}: {what}{reason}"
    audit.record(EventKind.POLICY_CHANGED, visitor=visitor, detail=detail[:DETAIL_SIZE])
