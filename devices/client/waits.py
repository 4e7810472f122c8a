"""How long a client waits before it opens a socket again, and what it does meanwhile."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

_ASK_SECONDS: Final = 3.0


class Waits:
    """Random waits, up to 5 s at first, doubling to 60 s (docs/protocol.md, section 4).

    Random, so that a server that comes back does not meet all its devices in one second.
    """

    def __init__(self, first: float = 5.0, most: float = 60.0) -> None:
        self._first = first
        self._most = most
        self._limit = first

    def like(self) -> "Waits":
        """Waits of the same kind for another connection."""
        return Waits(self._first, self._most)

    def reset(self) -> None:
        self._limit = self._first

    def next(self) -> float:
        limit, self._limit = self._limit, min(self._limit * 2, self._most)
        return secrets.SystemRandom().uniform(0, limit)

    async def spend(self, ask: Callable[[], Awaitable[bool]]) -> None:
        """Spends the next wait asking now and then without a socket, until `ask` is content."""
        left = self.next()
        while left > 0:
            step = min(left, _ASK_SECONDS)
            await asyncio.sleep(step)
            left -= step
            if await ask():
                return
