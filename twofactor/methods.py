"""Which second factors an account has, and whether it needs one. Read afresh at every question."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from accounts import audit, notices
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import enrolment
from devices.models import Device
from twofactor import backup_codes


@dataclass(frozen=True)
class Overview:
    """The methods in use: linked devices, and how many backup codes are left."""

    devices: list[Device]
    backup_codes_left: int
    must_enrol: bool = False

    @property
    def enabled(self) -> bool:
        return bool(self.devices)

    @property
    def sentence(self) -> str:
        if self.must_enrol:
            return gettext("Waits for a new device. Link one to go on.")
        if not self.enabled:
            return gettext("Off. Your password alone opens this account.")
        devices = ngettext("%(n)d device", "%(n)d devices", len(self.devices)) % {
            "n": len(self.devices)
        }
        codes = ngettext("%(n)d backup code", "%(n)d backup codes", self.backup_codes_left) % {
            "n": self.backup_codes_left
        }
        return gettext("On, with %(devices)s and %(codes)s.") % {
            "devices": devices,
            "codes": codes,
        }


def overview(user: User) -> Overview:
    return Overview(
        devices=list(Device.objects.of(user).active()),
        backup_codes_left=backup_codes.left(user),
        must_enrol=user.must_enrol,
    )


def has_device(user: User) -> bool:
    return bool(Device.objects.of(user).active().exists())


def required(user: User) -> bool:
    """Whether the password is not enough: with a device, and after a reset until there is one."""
    return user.must_enrol or has_device(user)


def switch_on(user: User, *, visitor: Visitor) -> None:
    """The first device is linked: backup codes are made, and sessions of before end."""
    backup_codes.generate(user, visitor=visitor)
    _begin_epoch(user, must_enrol=False)
    audit.record(EventKind.TWO_FACTOR_ON, user=user, visitor=visitor)


def switch_off(user: User, *, visitor: Visitor) -> None:
    """The last device is gone: from now on the password alone opens the account."""
    backup_codes.discard(user)
    audit.record(EventKind.TWO_FACTOR_OFF, user=user, visitor=visitor)
    notices.send("two_factor_off", user, visitor=visitor, page="/2fa/")


def demand_enrolment(user: User) -> None:
    """Somebody else removed the last device: the account never falls back to its password alone.

    Its backup codes still open the linking page; without one left `reset` gives a one-time code.
    """
    _begin_epoch(user, must_enrol=True)


def reset(user: User, *, by: str) -> str:
    """Removes every method, ends every session, and returns a one-time code for enrolling anew.

    The account never falls back to its password alone: until a device is linked the code is
    asked for, and it opens nothing but the linking page.
    """
    demand_enrolment(user)
    for device in Device.objects.of(user).active():
        enrolment.revoke(device, visitor=audit.NOBODY, by=by)
    code = backup_codes.generate_recovery(user)
    audit.record(EventKind.TWO_FACTOR_RESET, user=user, detail=by)
    return code


def _begin_epoch(user: User, *, must_enrol: bool) -> None:
    """Ends every session, pending login and approval of this account."""
    user.must_enrol = must_enrol
    user.security_epoch += 1
    user.save(update_fields=["must_enrol", "security_epoch"])
