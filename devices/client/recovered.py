"""What was added to an account after a recovery of it: an older device, like this one, can turn it
away while it is new (docs/protocol.md, sections 4 and 6).
"""

from dataclasses import dataclass
from typing import Any, Final

from devices.client.calls import Calls
from devices.client.errors import Refused
from devices.client.identity import Identity
from devices.client.replies import Person
from devices.client.terminal import Terminal
from devices.protocol import ErrorCode

KIND: Final = "device_recovered"
_OVER: Final = (ErrorCode.NOT_FOUND, ErrorCode.EXPIRED)
_WORDS: Final = {"y": "keep", "yes": "keep", "n": "remove", "no": "remove", "not me": "remove"}


@dataclass(frozen=True, slots=True)
class Addition:
    notice: str
    text: str


async def additions(identity: Identity, calls: Calls) -> list[Addition]:
    """Those that wait for a yes or a no here. Not every server tells of any."""
    answer = await calls.signed(identity, "GET", "/device/v1/requests")
    told = answer.get("notices", [])
    found = [one for one in (told if isinstance(told, list) else []) if _can_be_vetoed(one)]
    return [Addition(one["notice"], one["text"]) for one in found]


async def settle(
    new: Addition, identity: Identity, calls: Calls, terminal: Terminal, *, ask: bool
) -> None:
    """Removes what is `new`; with `ask` only when a person says that it was not them."""
    terminal.say(new.text)
    said = await _said(terminal) if ask else "remove"
    if said == "keep":
        await calls.signed(identity, "POST", "/device/v1/seen", {"challenge": new.notice})
    elif said == "remove":
        terminal.say(await _removed(new.notice, identity, calls))


def _can_be_vetoed(told: Any) -> bool:
    return (
        isinstance(told, dict)
        and told.get("kind") == KIND
        and isinstance(told.get("notice"), str)
        and isinstance(told.get("text"), str)
    )


async def _said(terminal: Terminal) -> str | None:
    terminal.lines.forget_typed()
    return await Person(terminal).choice("Was it you? y = yes, n = not me, remove it:", _WORDS)


async def _removed(notice: str, identity: Identity, calls: Calls) -> str:
    try:
        await calls.signed(identity, "POST", "/device/v1/veto", {"notice": notice})
    except Refused as refused:
        if refused.code not in _OVER:
            raise
        return "It is gone already, or not new any more. Look in the 2FA section."
    return "It is removed, and what it opened is signed out. Choose a new password."
