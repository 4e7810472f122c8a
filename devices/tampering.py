"""The alarm when a stored record does not fit its seal: somebody wrote to the database past us.

What the record was for is refused by whoever asked for it, as any other refusal.
"""

import logging

from accounts import audit
from accounts.models import EventKind, User

logger = logging.getLogger(__name__)


def alert(what: str, row: str, *, user: User, device_name: str = "") -> None:
    """An event on the account and a line in the log. `row` names the record, never its content."""
    audit.record(EventKind.TAMPERED, user=user, device_name=device_name, method=what, detail=row)
    logger.critical("A stored record does not fit its seal: the %s of %s.", what, row)
