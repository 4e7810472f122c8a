"""What the waiting page says: the state of its challenge, in words for the person who waits."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import clock
from twofactor.models import Challenge, State

NOT_APPROVED = gettext_lazy("Not approved. Try again, or use a code.")
WORDS = {
    State.APPROVED: gettext_lazy("Approved, one moment"),
    State.CONSUMED: gettext_lazy("This sign-in is done. Go back to the page you came from."),
    # A NO, "it was not me" and a wrong number look alike: who guesses learns nothing.
    State.DENIED: NOT_APPROVED,
    State.REPORTED: NOT_APPROVED,
    State.FAILED: NOT_APPROVED,
    State.REVOKED: NOT_APPROVED,
    State.EXPIRED: gettext_lazy("Nobody answered in time. Try again, or use a code."),
    State.CANCELLED: gettext_lazy("This request is over. Try again, or use a code."),
    State.SUPERSEDED: gettext_lazy(
        "A newer sign-in asked your devices instead, so this page is over."
    ),
}
SHOWN_AS = {State.REPORTED: State.DENIED, State.FAILED: State.DENIED, State.REVOKED: State.DENIED}


@dataclass(frozen=True)
class Waiting:
    """`state` is the challenge's, or "paused" or "over"; times are whole seconds."""

    state: str
    line: str
    seconds_left: int = 0
    lifetime: int = 0
    resend_in: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def on(challenge: Challenge) -> Waiting:
    """The state of `challenge`."""
    left = int((challenge.expires_at - clock.now()).total_seconds())
    state = State(challenge.state)
    if state == State.PENDING and left <= 0:
        state = State.EXPIRED
    return Waiting(
        state=SHOWN_AS.get(state, state),
        line=_pending_line(challenge) if state == State.PENDING else str(WORDS[state]),
        seconds_left=max(0, left) if state == State.PENDING else 0,
        lifetime=int((challenge.expires_at - challenge.created_at).total_seconds()),
    )


def paused(until: datetime) -> Waiting:
    return resting(resend_in=max(1, int((until - clock.now()).total_seconds()) + 1))


def resting(resend_in: int = 0) -> Waiting:
    """Nothing was asked, because the devices were not to be rung; `resend_in` 0 is: ask again."""
    return Waiting(
        state="paused",
        line=_("Your devices were asked often, so they rest a little. Use a code meanwhile."),
        lifetime=int(settings.KAUTH_CHALLENGE_LIFETIME.total_seconds()),
        resend_in=resend_in,
    )


def over() -> Waiting:
    return Waiting(state="over", line=_("This sign-in took too long. Log in again."))


def _pending_line(challenge: Challenge) -> str:
    if challenge.seen_by is not None:
        return _("On screen at “%(device)s”") % {"device": challenge.seen_by.name}
    return _("Sent")
