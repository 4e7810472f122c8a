"""The refusals that a device can be given: the codes of docs/protocol.md, in words for people."""

from django.utils.translation import gettext_lazy as _

from devices.protocol import ErrorCode


class Refusal(Exception):
    """What a device asked for is refused; `code` goes over the wire, `detail` is for people."""

    code: ErrorCode
    detail: object

    def __init__(self, detail: object = None) -> None:
        if detail is not None:
            self.detail = detail
        super().__init__(str(self.detail))


class BadRequest(Refusal):
    code = ErrorCode.BAD_REQUEST
    detail = _("This message is not in the form that the protocol gives it.")


class Unauthenticated(Refusal):
    """A wrong signature, an unknown device, somebody else's challenge: from outside the same."""

    code = ErrorCode.UNAUTHENTICATED
    detail = _("This device is not known here, or its signature does not fit.")


class WrongClock(Refusal):
    code = ErrorCode.CLOCK
    detail = _("The clock of this device is wrong by more than a minute.")


class Revoked(Refusal):
    code = ErrorCode.REVOKED
    detail = _("This device is no longer linked. Link it again from the account manager.")


class NotFound(Refusal):
    code = ErrorCode.NOT_FOUND
    detail = _("This link is not known here. Make a new one on the computer.")


class NotPending(Refusal):
    code = ErrorCode.NOT_PENDING
    detail = _("This request is over. Go back to the login page and try again.")


class AlreadyClaimed(Refusal):
    code = ErrorCode.ALREADY_CLAIMED
    detail = _("This link was used already. Make a new one on the computer.")


class AlreadyProvisioned(Refusal):
    code = ErrorCode.ALREADY_PROVISIONED
    detail = _("This device has fetched its secrets already. To do it anew, link it again.")


class LastFactor(Refusal):
    code = ErrorCode.LAST_FACTOR
    detail = _("This is the last device of the account. Remove it on the site, in the 2FA section.")


class Expired(Refusal):
    code = ErrorCode.EXPIRED
    detail = _("The time for this is over. Start again on the computer.")


class TooBig(Refusal):
    code = ErrorCode.TOO_BIG
    detail = _("This message is over 8 KiB.")


class SlowDown(Refusal):
    code = ErrorCode.SLOW_DOWN
    detail = _("Too many calls that did not fit came from this network. Wait, then try again.")

    def __init__(self, retry_after: int, detail: object = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooManyDevices(Exception):
    """The account has as many linked devices as it may have."""
