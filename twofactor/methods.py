"""Which second factors an account has, and whether it needs one. Read afresh at every question."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, ngettext

from accounts import audit, notices, people
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import changes, enrolment, names
from devices.exceptions import LastFactor
from devices.models import Device
from twofactor import backup_codes, demands, helpdesk_codes
from twofactor.exceptions import NothingToRecover, TooManyMethods
from twofactor.method_models import Method, MethodQuerySet, OtpApp, SecurityKey


@dataclass(frozen=True)
class Overview:
    """The methods in use, and how many backup codes are left."""

    devices: list[Device]
    backup_codes_left: int
    must_enrol: bool = False
    # The site or a group asks for a method: without one the password opens the 2FA section only.
    needed: bool = False
    otp_apps: Sequence[OtpApp] = ()
    security_keys: Sequence[SecurityKey] = ()

    @property
    def methods(self) -> list[Any]:
        """All but the backup codes: those only stand in for one of these."""
        return [*self.security_keys, *self.devices, *self.otp_apps]

    @property
    def enabled(self) -> bool:
        return bool(self.methods)

    @property
    def sentence(self) -> str:
        if self.must_enrol:
            return gettext("Waits for a new device. Link one to go on.")
        if not self.enabled and self.needed:
            return gettext("Off. Without a method your password opens the 2FA section only.")
        if not self.enabled:
            return gettext("Off. Your password alone opens this account.")
        *first, last = self._counted()
        return gettext("On, with %(first)s and %(last)s.") % {
            "first": ", ".join(first),
            "last": last,
        }

    def _counted(self) -> list[str]:
        """The kinds in words; those that there are none of are left out, but for the codes."""
        devices, apps, keys = len(self.devices), len(self.otp_apps), len(self.security_keys)
        codes = self.backup_codes_left
        parts = []
        if devices:
            parts.append(ngettext("%(n)d device", "%(n)d devices", devices) % {"n": devices})
        if apps:
            parts.append(ngettext("%(n)d OTP app", "%(n)d OTP apps", apps) % {"n": apps})
        if keys:
            words = ngettext("%(n)d security key", "%(n)d security keys", keys)
            parts.append(words % {"n": keys})
        return [
            *parts,
            ngettext("%(n)d backup code", "%(n)d backup codes", codes) % {"n": codes},
        ]


class AfterRemoval(StrEnum):
    """What an account is without one of its methods."""

    PROTECTED = "protected"
    CODES_ONLY = "codes only"
    OFF = "off"


def overview(user: User) -> Overview:
    return Overview(
        devices=list(Device.objects.of(user).active()),
        backup_codes_left=backup_codes.left(user),
        must_enrol=user.must_enrol,
        needed=user.is_staff or demands.needs_another(user),
        otp_apps=list(otp_apps(user)),
        security_keys=list(security_keys(user)),
    )


def otp_apps(user: User) -> MethodQuerySet:
    return OtpApp.objects.of(user)


def security_keys(user: User) -> MethodQuerySet:
    return SecurityKey.objects.of(user)


def has_device(user: User) -> bool:
    return bool(Device.objects.of(user).active().exists())


def enabled(user: User) -> bool:
    """Whether there is any method; backup codes alone are none."""
    return has_device(user) or otp_apps(user).exists() or security_keys(user).exists()


def required(user: User) -> bool:
    """Whether the password is not enough: with a method, and after a reset until there is one."""
    return user.must_enrol or enabled(user)


def only_recovery(user: User) -> bool:
    """Whether nothing but a help-desk code can take this account through the second step."""
    return not enabled(user) and backup_codes.left(user) == 0


def without(method: Any) -> AfterRemoval:
    """What the account of `method` is when that one is removed."""
    rest = [other for other in overview(method.user).methods if other != method]
    if not rest:
        return AfterRemoval.OFF
    weaker = not isinstance(method, OtpApp) and all(isinstance(other, OtpApp) for other in rest)
    return AfterRemoval.CODES_ONLY if weaker else AfterRemoval.PROTECTED


def check_room(user: User, kind: type[Method]) -> None:
    """Raises TooManyMethods when the account has as many of this kind as there may be."""
    if kind.objects.of(user).count() >= settings.KAUTH_METHODS_PER_KIND:
        raise TooManyMethods


def free_name(user: User, kind: type[Method]) -> str:
    """Such as "OTP app", then "OTP app 2": the person can give it a better one."""
    taken = set(kind.objects.of(user).values_list("name", flat=True))
    plain = kind().kind
    numbered = (f"{plain} {number}" for number in range(2, len(taken) + 3))
    return next(name for name in (plain, *numbered) if name not in taken)


def find(user: User, kind: str, public_id: object) -> Any | None:
    """The method of this kind and public id, if the account has it."""
    own = demands.OF_KIND.get(kind)
    return own(user).filter(public_id=public_id).first() if own else None


def subject_of(method: Any) -> str:
    """What a notice says of `method`, so that "it was not me" finds it."""
    return f"{method.KIND}:{method.public_id}"


def take_away(method: Any, *, visitor: Visitor, by: str) -> bool:
    """Removes a method of any kind; see `remove`."""
    away = enrolment.revoke if isinstance(method, Device) else remove
    return away(method, visitor=visitor, by=by)


def begin_using(user: User, *, visitor: Visitor) -> bool:
    """Call it in the transaction that adds a method. True if it is the first: 2FA is on now."""
    methods = overview(user).methods
    first = len(methods) == 1
    if first:
        switch_on(user, visitor=visitor, subject=subject_of(methods[0]))
    return first


def tell_added(method: Method, *, visitor: Visitor) -> None:
    """For the record, and by mail; after the commit."""
    _record(EventKind.METHOD_ADDED, method, visitor)
    notices.send(
        "method_recovered" if method.new_until else "method_added",
        method.user,
        visitor=visitor,
        device_name=method.name,
        subject=subject_of(method),
    )


def rename(method: Method, name: str, *, visitor: Visitor) -> None:
    method.name = names.clean(name)
    method.save(update_fields=["name"])
    _record(EventKind.METHOD_RENAMED, method, visitor)


def remove(method: Method, *, visitor: Visitor, by: str) -> bool:
    """Deletes `method` at once and for good; False when it was gone before.

    What holds for the last device holds here: only the person switches 2FA off, so `by` must be
    `enrolment.BY_PERSON` for that, and they are warned before.
    """
    with transaction.atomic():
        user = people.locked(method.user_id)
        removed = type(method).objects.filter(pk=method.pk).delete()[0]
        if removed:
            changes.forget_method(user, subject_of(method))
            end_using(user, visitor=visitor, by=by)
    if removed:
        _record(EventKind.METHOD_REMOVED, method, visitor, detail=by)
        notices.send("method_removed", user, visitor=visitor, device_name=method.name)
    return bool(removed)


def remove_all(user: User, *, visitor: Visitor, by: str) -> int:
    """Removes every method of `user`; returns how many. The account must link anew to go on."""
    removed = 0
    for method in overview(user).methods:
        end = enrolment.revoke if isinstance(method, Device) else remove
        removed += end(method, visitor=visitor, by=by)
    return removed


def end_using(user: User, *, visitor: Visitor, by: str) -> None:
    """Call it in the transaction that removed a method: without any left 2FA goes off, or waits.

    Raises LastFactor for the person themselves where a policy wants 2FA and nothing else is left.
    """
    if by == enrolment.BY_PERSON and demands.needs_another(user):
        raise LastFactor
    if required(user):
        return
    if by == enrolment.BY_PERSON:
        switch_off(user, visitor=visitor)
    else:
        demand_enrolment(user)


def switch_on(user: User, *, visitor: Visitor, subject: str) -> None:
    """The first method is added: backup codes are made, and sessions of before end."""
    backup_codes.generate(user, visitor=visitor, subject=subject)
    _begin_epoch(user, must_enrol=False)
    audit.record(EventKind.TWO_FACTOR_ON, user=user, visitor=visitor)


def switch_off(user: User, *, visitor: Visitor) -> None:
    """The last method is gone: from now on the password alone opens the account."""
    backup_codes.discard(user)
    audit.record(EventKind.TWO_FACTOR_OFF, user=user, visitor=visitor)
    notices.send("two_factor_off", user, visitor=visitor)


def demand_enrolment(user: User) -> None:
    """Somebody else removed the last method: the account never falls back to its password alone.

    Its backup codes still open the linking page; without one left a help-desk code does.
    """
    _begin_epoch(user, must_enrol=True)


def recover(user: User, *, by: str, reason: str, visitor: Visitor) -> str:
    """A help-desk code for `user`, beside the methods that they have. Raises NothingToRecover."""
    if not required(user):
        raise NothingToRecover
    return helpdesk_codes.make(user, by=by, reason=reason, visitor=visitor)


def reset(user: User, *, by: str) -> str:
    """Removes every method, ends every session, and returns a help-desk code for enrolling anew.

    The account never falls back to its password alone: until there is a method again the code is
    asked for, and it opens nothing but linking.
    """
    demand_enrolment(user)
    OtpApp.objects.filter(user=user).delete()
    SecurityKey.objects.filter(user=user).delete()
    for device in Device.objects.of(user).active():
        enrolment.revoke(device, visitor=audit.NOBODY, by=by)
    backup_codes.discard(user)
    audit.record(EventKind.TWO_FACTOR_RESET, user=user, detail=by)
    return helpdesk_codes.make(user, by=by, reason=gettext("reset of 2FA"), visitor=audit.NOBODY)


def _begin_epoch(user: User, *, must_enrol: bool) -> None:
    """Ends every session, pending login and approval of this account."""
    user.must_enrol = must_enrol
    user.security_epoch += 1
    user.save(update_fields=["must_enrol", "security_epoch"])


def _record(kind: EventKind, method: Method, visitor: Visitor, detail: str = "") -> None:
    audit.record(
        kind,
        user=method.user,
        visitor=visitor,
        device_name=method.name,
        method=method.KIND,
        detail=detail,
    )
