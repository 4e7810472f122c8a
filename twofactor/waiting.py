"""What the waiting page says: the state of its challenge, in words for the person who waits."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import clock
from twofactor.exceptions import Paused, Why
from twofactor.models import Challenge, State

MINUTE = 60
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


def on(challenge: Challenge, now: datetime) -> Waiting:
    """The state of `challenge` at `now`, by the database's clock in whole seconds."""
    left = int((challenge.expires_at - now).total_seconds())
    state = State(challenge.state)
    if state == State.PENDING and left <= 0:
        state = State.EXPIRED
    return Waiting(
        state=SHOWN_AS.get(state, state),
        line=_pending_line(challenge) if state == State.PENDING else str(WORDS[state]),
        seconds_left=max(0, left) if state == State.PENDING else 0,
        lifetime=int((challenge.expires_at - challenge.created_at).total_seconds()),
    )


def paused(pause: Paused) -> Waiting:
    """Nothing was asked, because the devices were not to be rung."""
    return _nothing_asked(rest(pause), resend_in=seconds_to(pause.until))


def resting() -> Waiting:
    """Nothing was asked then; it could be now."""
    return _nothing_asked(_("Your devices can be asked again. Press Send again, or use a code."))


def rest(pause: Paused) -> str:
    """How long devices rest, and from what. A NO, a wrong number and silence look alike."""
    if pause.why == Why.AWAY:
        return _("Your devices are not asked at the moment. Use a code.")
    wait = {"wait": _in_words(seconds_to(pause.until))}
    if pause.why == Why.NOT_APPROVED:
        return (
            _(
                "Your devices rest for %(wait)s after a request that was not approved. "
                "Use a code meanwhile."
            )
            % wait
        )
    return _("Your devices were asked often, so they rest %(wait)s. Use a code meanwhile.") % wait


def seconds_to(until: datetime) -> int:
    return max(1, int((until - clock.now()).total_seconds()) + 1)


def over() -> Waiting:
    return Waiting(state="over", line=_("This sign-in took too long. Log in again."))


def _nothing_asked(line: str, resend_in: int = 0) -> Waiting:
    lifetime = int(settings.KAUTH_CHALLENGE_LIFETIME.total_seconds())
    return Waiting(state="paused", line=line, lifetime=lifetime, resend_in=resend_in)


def _in_words(seconds: int) -> str:
    if seconds < 2 * MINUTE:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = -(-seconds // MINUTE)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def _pending_line(challenge: Challenge) -> str:
    if challenge.seen_by is not None:
        return _("On screen at “%(device)s”") % {"device": challenge.seen_by.name}
    return _("Sent")
