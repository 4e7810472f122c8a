"""What can go wrong between the question and the sign-in, named for those who must tell people."""

from datetime import datetime


class NotApproved(Exception):
    """There is no approval that this session may use."""


class Paused(Exception):
    """Devices are not rung again before `until`. Codes and backup codes work meanwhile."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Paused until {until:%H:%M:%S}.")
        self.until = until


class WrongBackupCode(Exception):
    """Not an unused backup code of this account."""
