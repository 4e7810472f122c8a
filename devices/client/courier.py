"""Brings answers to the server: over the socket when one is open, by HTTP otherwise."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Final

from devices.client.calls import Calls
from devices.client.errors import NetworkProblem, Refused
from devices.client.identity import Identity
from devices.client.sockets import DeviceSocket, Dropped
from devices.messages import text_member

_RESULT_SECONDS: Final = 10
_RETRY_SECONDS: Final = 2


class Courier:
    def __init__(self, identity: Identity, calls: Calls) -> None:
        self._identity = identity
        self._calls = calls
        self._socket: DeviceSocket | None = None
        self._results: dict[str, asyncio.Future[dict[str, Any]]] = {}

    @contextlib.contextmanager
    def using(self, socket: DeviceSocket) -> Iterator[None]:
        """Sends over `socket` inside the block. When it is lost, who waits for a result tries by
        HTTP; at any other end of the block they are about to be stopped, and start nothing new.
        """
        self._socket = socket
        try:
            yield
        except Dropped:
            for result in self._results.values():
                if not result.done():
                    result.set_exception(Dropped("The connection was lost."))
            raise
        finally:
            self._socket = None

    def hear_result(self, message: dict[str, Any]) -> None:
        result = self._results.get(text_member(message, "challenge"))
        if result is not None and not result.done():
            result.set_result(message)

    async def seen(self, challenge: str) -> None:
        """Tells the waiting page that a person has the request on screen."""
        # Only news for the waiting page: the question stands here whether or not it arrives.
        with contextlib.suppress(NetworkProblem, Refused):
            if self._socket is not None:
                await self._socket.send({"t": "seen", "challenge": challenge})
            else:
                path = "/device/v1/seen"
                await self._calls.signed(self._identity, "POST", path, {"challenge": challenge})

    async def deliver(self, answer: dict[str, Any], expires: int) -> dict[str, Any]:
        """The server's `result`. Tries until the request is over, then raises NetworkProblem.

        `repeated` in it: an earlier try may have arrived, only its result did not come back.
        """
        repeated = self._socket is not None
        if self._socket is not None:
            with contextlib.suppress(Dropped, TimeoutError):
                return await self._over_socket(self._socket, answer)
        while True:
            try:
                return {**await self._by_http(answer), "repeated": repeated}
            except NetworkProblem:
                repeated = True
                if self._identity.server_time() >= expires:
                    raise
            await asyncio.sleep(_RETRY_SECONDS)

    async def _over_socket(self, socket: DeviceSocket, answer: dict[str, Any]) -> dict[str, Any]:
        challenge = answer["challenge"]
        result: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._results[challenge] = result
        try:
            await socket.send(answer)
            async with asyncio.timeout(_RESULT_SECONDS):
                return await result
        finally:
            del self._results[challenge]

    async def _by_http(self, answer: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"ok": True, **await self._calls.answer(answer)}
        except Refused as refused:
            return {"ok": False, "error": refused.code}
