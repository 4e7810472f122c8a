"""The ways through the second step that an account has, and which of them comes first."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import policies
from accounts.models import User
from devices.models import Device
from twofactor import demands
from twofactor.demands import Names
from twofactor.method_models import OtpApp, SecurityKey


@dataclass(frozen=True)
class Way:
    """`name` is what a known browser remembers, `page` the name of its page."""

    name: str
    page: str
    label: Any
    query: str = ""

    @property
    def address(self) -> str:
        return reverse(self.page) + self.query


KEY = Way("key", "twofactor:key", _("Use your security key"))
# With the query it is the person who wants to be asked there, whatever this browser used last.
DEVICE = Way("kauth", "twofactor:verify", _("Ask my phone instead"), "?way=kauth")
CODE = Way("code", "twofactor:code", _("Use a code instead"))
BACKUP_CODE = Way("backup_code", "twofactor:backup_code", _("Use a backup code"))


def of(user: User, own: Names | None = None) -> list[Way]:
    """Best first, of those that the policies of the account allow. `own` are its methods, for
    those who have asked for their names.

    A backup code is always offered: to hide it would tell who has none left.
    """
    rules = policies.of(user)
    own = demands.names(user) if own is None else own
    usable = {kind for kind in own if rules.allows(kind)}
    return [
        *([KEY] if SecurityKey.KIND in usable else []),
        *([DEVICE] if Device.KIND in usable else []),
        *([CODE] if usable & {Device.KIND, OtpApp.KIND} else []),
        BACKUP_CODE,
    ]


def needed(user: User, own: Names) -> bool:
    """What `methods.required` says, of an account whose methods are `own`."""
    return user.must_enrol or bool(own)


def others(user: User, than: Way, own: Names | None = None) -> list[Way]:
    return [way for way in of(user, own) if way != than]


def first(user: User, *, used_last: str = "", own: Names | None = None) -> Way:
    """Where the second step begins: a linked device is asked, and else the best way there is.

    A key comes before a device where this browser used one last: elsewhere it may be at home. What
    was used last is a hint among the ways that the account has, never a permission.
    """
    available = of(user, own)
    if KEY in available and used_last == KEY.name:
        return KEY
    return DEVICE if DEVICE in available else available[0]
