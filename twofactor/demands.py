"""What the policies of an account ask of its methods, and how a person is told.

A method that they do not allow opens nothing, and still is one: the password alone never opens an
account that has it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet, UUIDField, Value
from django.utils import formats
from django.utils.translation import gettext

from accounts import policies, prepared
from accounts.models import User
from devices.models import Device
from twofactor.method_models import MethodQuerySet, OtpApp, SecurityKey

# The methods of an account, by their kind.
OF_KIND: dict[str, Callable[[User], QuerySet[Any]]] = {
    Device.KIND: lambda user: Device.objects.of(user).active(),
    OtpApp.KIND: OtpApp.objects.of,
    SecurityKey.KIND: SecurityKey.objects.of,
}

# The names of an account's methods, by kind.
Names = Mapping[str, Sequence[str]]


def names(user: User) -> Names:
    """Of all its methods, in one statement; each kind in the order in which they came."""
    found: dict[str, list[str]] = {}
    for kind, name, _ in sorted(_named(user=user.pk), key=itemgetter(2)):
        found.setdefault(kind, []).append(name)
    return found


@prepared.rows(user=UUIDField())
def _named(user: Any) -> QuerySet[Any]:
    first, *others = (
        of(user).order_by().values_list(Value(kind), "name", "created_at")
        for kind, of in OF_KIND.items()
    )
    return first.union(*others, all=True)


def device_may_be_asked(user: User) -> bool:
    """Whether there is a linked device that opens the account."""
    return policies.of(user).allows(Device.KIND) and OF_KIND[Device.KIND](user).exists()


def otp_apps(user: User) -> MethodQuerySet:
    """Those that open the account."""
    allowed = policies.of(user).allows(OtpApp.KIND)
    return OtpApp.objects.of(user) if allowed else OtpApp.objects.none()


def is_met(user: User) -> bool:
    """Whether there is a method that opens the account."""
    return _any_of(user, policies.of(user).allowed)


def holds_up(user: User) -> bool:
    """Whether a method must be added before anything else is opened.

    After a reset; where a policy wants 2FA by now; and where the policies have left none of the
    methods that the account has.
    """
    if user.must_enrol:
        return True
    rules = policies.of(user)
    if rules == policies.FREE or _shown(user) in rules.allowed:
        return False
    return (rules.required or _any_of(user, OF_KIND)) and not _any_of(user, rules.allowed)


def needs_another(user: User) -> bool:
    """Whether a policy wants 2FA by now, and there is nothing that meets it."""
    rules = policies.of(user)
    return rules.required and not _any_of(user, rules.allowed)


def last_for_policy(method: Any, owned: Iterable[Any]) -> bool:
    """Whether a policy wants 2FA by now, and of those `owned` only `method` meets it."""
    rules = policies.of(method.user)
    others = (other for other in owned if other != method)
    return rules.required and not any(rules.allows(other.KIND) for other in others)


def in_words(user: User, owned: Sequence[Any]) -> str:
    """Why nothing but the 2FA section opens now, and what opens the rest; "" when all does."""
    if user.must_enrol:
        return gettext("Your account needs 2FA. Add a method now; then the other pages open.")
    if not holds_up(user):
        return ""
    allowed = policies.in_words(policies.of(user).allowed)
    if owned:
        text = gettext(
            "Your group no longer uses the methods that you have. Add one that it uses now "
            "(%(allowed)s); then the other pages open."
        )
    else:
        text = gettext(
            "Your group needs 2FA. Add a method now (%(allowed)s); then the other pages open."
        )
    return text % {"allowed": allowed}


def left_over(user: User, owned: Sequence[Any]) -> str:
    """Which of the methods `owned` do not open the account any more; "" when all do."""
    rules = policies.of(user)
    names = [f"“{one.name}”" for one in owned if not rules.allows(one.KIND)]
    if not names:
        return ""
    return gettext("Your group does not use this to log in, so you can remove it: %(names)s.") % {
        "names": ", ".join(names)
    }


def still_allowed(user: User) -> str:
    """What is allowed, in words, where the account has methods and none of these; else ""."""
    rules = policies.of(user)
    if rules == policies.FREE or is_met(user) or not _any_of(user, OF_KIND):
        return ""
    return policies.in_words(rules.allowed)


def announced(user: User) -> str:
    """From when on 2FA is needed, for a person who has not switched it on; "" when it is not."""
    rules = policies.of(user)
    if rules.require_from is None:
        return ""
    day = formats.date_format(rules.require_from, "j F Y")
    return gettext("Your group needs 2FA from %(day)s on. Switch it on before that.") % {"day": day}


def _any_of(user: User, kinds: Iterable[str]) -> bool:
    return any(OF_KIND[kind](user).exists() for kind in kinds)


def _shown(user: User) -> str:
    """The kind of the method that opened this session, which is one that the account has."""
    return getattr(getattr(user, "otp_device", None), "KIND", "")
