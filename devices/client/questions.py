"""A sign-in request: read, verified, put into words. What does not verify is not shown (D-11)."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from devices import protocol
from devices.client.identity import Identity
from devices.client.terminal import short
from devices.messages import bytes_member, int_member, text_member
from devices.protocol import SIGNATURE_SIZE, ProtocolError, b64

APPROVE: Final = "approve"
DENY: Final = "deny"
REPORT: Final = "report"
STATE_AFTER: Final = {APPROVE: "approved", DENY: "denied", REPORT: "reported"}

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_PURPOSES: Final = {
    "login": "Sign in",
    "reauth": "Confirm that it is you",
    "link": "Link a new device",
    "action": "Confirm a change",
}
_MATCHES: Final = ("tap", "number")
_DIGITS: Final = range(2, 7)
_LONGEST_LIFE: Final = 600
_CLOCK_TOLERANCE: Final = 60


class Unshowable(Exception):
    """A request that must not be shown; `word` says why, in one word for scripts."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word = word


@dataclass(frozen=True, slots=True)
class Context:
    service: str
    login: str
    browser: str
    network: str
    place: str | None
    new_browser: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One verified request to one account."""

    challenge: str
    purpose: str
    match: str
    digits: int
    expires: int
    context: Context
    frame: bytes

    @property
    def needs_number(self) -> bool:
        return self.match == "number"

    def lines(self, host: str, seconds_left: int) -> list[str]:
        context = self.context
        rows = [
            f"Sign-in request for {short(context.login)} on {host}",
            f"  Service    {short(context.service)}",
            f"  Purpose    {_PURPOSES[self.purpose]}",
            f"  Browser    {short(context.browser)}",
            f"  Network    {short(context.network)}",
            f"  Place      {short(context.place or 'unknown')}",
            f"  Time left  {seconds_left} s",
        ]
        if context.new_browser:
            rows.append("  NEW BROWSER: it has not signed in to this account before.")
        return rows

    def answer(self, identity: Identity, decision: str, number: str) -> dict[str, Any]:
        """The signed `answer` message; `device` lets it also go by HTTP."""
        frame = protocol.answer(
            origin=identity.account.origin,
            server_id=identity.server_id,
            challenge=self.challenge,
            device=identity.account.device,
            account=identity.account.account,
            purpose=self.purpose,
            decision=decision,
            number=number,
            expires=self.expires,
            request_frame=self.frame,
        )
        return {
            "t": "answer",
            "device": identity.account.device,
            "challenge": self.challenge,
            "decision": decision,
            "number": number,
            "sig": b64(identity.sign(frame)),
        }


def verified(message: dict[str, Any], identity: Identity) -> Question:
    """The question in a `request` message. Unshowable: nothing of it may be shown."""
    try:
        frame = _frame(message, identity)
        signature = bytes_member(message, "sig", SIGNATURE_SIZE)
    except ProtocolError as error:
        raise Unshowable("bad_request", "a request has not the form of one.") from error
    if not identity.server_signed(signature, frame):
        raise Unshowable(
            "bad_request_signature", "a request is not signed by the server. It is not shown."
        )
    _check_time(message, identity.server_time())
    try:
        return _question(message, frame)
    except ProtocolError as error:
        raise Unshowable("bad_request", f"a request cannot be shown. {error}") from error


def _frame(message: dict[str, Any], identity: Identity) -> bytes:
    return protocol.request(
        origin=identity.account.origin,
        server_id=identity.server_id,
        challenge=text_member(message, "challenge"),
        device=identity.account.device,
        account=identity.account.account,
        purpose=text_member(message, "purpose"),
        match=text_member(message, "match"),
        created=int_member(message, "created"),
        expires=int_member(message, "expires"),
        context=text_member(message, "context"),
    )


def _check_time(message: dict[str, Any], now: int) -> None:
    created, expires = message["created"], message["expires"]
    fits = created <= now + _CLOCK_TOLERANCE and created < expires <= created + _LONGEST_LIFE
    if not fits or expires <= now:
        raise Unshowable("bad_request_time", "the time of a request does not fit.")


def _question(message: dict[str, Any], frame: bytes) -> Question:
    challenge, purpose, match = message["challenge"], message["purpose"], message["match"]
    if not _CHALLENGE.fullmatch(challenge):
        raise ProtocolError("Its name is not one.")
    if purpose not in _PURPOSES or match not in _MATCHES:
        raise ProtocolError("It asks for something that is not known here.")
    digits = int_member(message, "digits") if match == "number" else 0
    if match == "number" and digits not in _DIGITS:
        raise ProtocolError("Its number has an impossible length.")
    return Question(
        challenge=challenge,
        purpose=purpose,
        match=match,
        digits=digits,
        expires=message["expires"],
        context=_context(message["context"]),
        frame=frame,
    )


def _context(text: str) -> Context:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("Its context is not JSON.") from error
    if not isinstance(data, dict):
        raise ProtocolError("Its context is not an object.")
    place, new_browser = data.get("place"), data.get("new_browser")
    if not isinstance(new_browser, bool) or not isinstance(place, str | None):
        raise ProtocolError("Its context is not complete.")
    return Context(
        service=text_member(data, "service"),
        login=text_member(data, "login"),
        browser=text_member(data, "browser"),
        network=text_member(data, "ip"),
        place=place,
        new_browser=new_browser,
    )
