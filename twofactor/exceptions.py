"""What can go wrong between the question and the sign-in, named for those who must tell people."""

from datetime import datetime
from enum import StrEnum


class NotApproved(Exception):
    """There is no approval that this session may use."""


class Why(StrEnum):
    """What devices rest from."""

    OFTEN = "asked often"
    NOT_APPROVED = "a request that was not approved"
    AWAY = "the person is away"


class Paused(Exception):
    """Devices are not rung again before `until`. Codes and backup codes work meanwhile."""

    def __init__(self, until: datetime, why: Why) -> None:
        super().__init__(f"Paused until {until:%H:%M:%S}: {why}.")
        self.until = until
        self.why = why


class KeyRefused(Exception):
    """What was sent is not the answer of a security key of this account to this page."""


class SetupOver(Exception):
    """The time to set this method up is over, or it was set up anew elsewhere."""


class TooManyMethods(Exception):
    """The account has as many methods of this kind as there may be."""


class WrongBackupCode(Exception):
    """Not an unused backup code of this account."""


class WrongHelpDeskCode(Exception):
    """Not the code that the help desk made for this account, or it is used or over."""


class NothingToRecover(Exception):
    """The password alone opens this account: a help-desk code would open nothing."""
