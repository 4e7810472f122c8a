"""Who of the staff may act on whose account, and how the record names them."""

import re
from typing import Any

from accounts.models import DETAIL_SIZE, User

# What a detail may have before it, such as a number.
ROOM = 20
# A number may stand before the name.
BY_STAFF = re.compile(r"(\d+: )?administrator ")


def may_touch(actor: Any, person: User) -> bool:
    """Accounts of staff are for superusers: nobody helps themselves, or a colleague, to more."""
    return bool(actor.is_superuser) or not (person.is_staff or person.is_superuser)


def by(actor: Any, reason: str, *, what: str = "") -> str:
    """Who did it and why, as one line for the record."""
    facts = (f"administrator {actor}", what, reason)
    return ": ".join(filter(None, facts))[: DETAIL_SIZE - ROOM]


def is_by_staff(detail: str) -> bool:
    """Whether this line of the record came of `by`."""
    return BY_STAFF.match(detail) is not None
