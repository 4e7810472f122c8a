"""What a session may do by the means that opened it: a recovery opens less than a method does.

The means are django-otp devices of the apps above, which say of themselves: `RECOVERS` (stands in
for a lost device) and `LINKS_ONLY` (good for linking a device, and for nothing else).
"""

from typing import Any


def means_of(user: Any) -> Any | None:
    """The django-otp device by which this session passed the second factor, if it did."""
    return getattr(user, "otp_device", None)


def recovered(means: Any) -> bool:
    return bool(getattr(means, "RECOVERS", False))


def links_only(user: Any) -> bool:
    return bool(getattr(means_of(user), "LINKS_ONLY", False))
