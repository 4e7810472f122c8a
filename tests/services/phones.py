"""Phones on real sockets, which answer YES and come back when the connection is lost."""

import asyncio
import json
import random
import threading
from collections import defaultdict
from collections.abc import Sequence
from ipaddress import ip_network
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from devices.protocol import SOCKET_PATH, SUBPROTOCOL
from tests.services.population import Person

# A wait of 5 seconds grows to one of 60.
LONGEST = 12
# The site lets few strangers of one network wait at a time, and each phone has one of its own.
NETWORKS = ip_network("127.1.0.0/16")
LOST = (OSError, InvalidHandshake, ConnectionClosed, TimeoutError)


class Phones:
    """All phones of `people`, in a thread of their own, each at an address of its own.

    They wait up to `pause` seconds, at random, before they connect again, and after each failure
    up to twice as long (docs/protocol.md, section 4). For all else they have `patience` seconds.
    """

    def __init__(
        self, people: Sequence[Person], *, pause: float = 1.0, patience: float = 120
    ) -> None:
        self.people = people
        self.patience = patience
        self.pause = pause
        self.connected: set[str] = set()
        # What the server has said about answers: challenge and state.
        self.acknowledged: dict[str, str] = {}
        self._waits: defaultdict[str, float] = defaultdict(lambda: pause)
        self._sockets: set[ClientConnection] = set()
        self._leaving = False
        self._change = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait_until(len(self.people))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop)
        self._thread.join()
        self._loop.close()

    def wait_until(self, count: int) -> None:
        """Returns when so many are connected at once."""
        with self._change:
            enough = self._change.wait_for(lambda: len(self.connected) >= count, self.patience)
        assert enough, f"{len(self.connected)} of {len(self.people)} phones are connected"

    def wait_for_a_loss(self) -> None:
        """Returns when one is not connected."""
        everybody = len(self.people)
        with self._change:
            lost = self._change.wait_for(lambda: len(self.connected) < everybody, self.patience)
        assert lost, "no phone has lost its connection"

    def wait_for_answers(self, count: int) -> None:
        """Returns when the server has acknowledged so many answers."""
        with self._change:
            enough = self._change.wait_for(lambda: len(self.acknowledged) >= count, self.patience)
        assert enough, f"{len(self.acknowledged)} of {count} answers are acknowledged"

    async def _hang_up(self) -> None:
        """In good order, so that nothing stays open."""
        self._leaving = True
        await asyncio.gather(*(socket.close() for socket in self._sockets))
        self._all.cancel()

    def _run(self) -> None:
        async def everybody() -> None:
            await asyncio.gather(
                *(self._stay(*one) for one in zip(map(str, NETWORKS), self.people, strict=False))
            )

        self._all = self._loop.create_task(everybody())
        try:
            self._loop.run_until_complete(self._all)
        except asyncio.CancelledError:
            return

    async def _stay(self, address: str, person: Person) -> None:
        while not self._leaving:
            try:
                await self._converse(address, person)
            except LOST:
                wait = self._waits[person.phone.device]
                self._waits[person.phone.device] = min(2 * wait, LONGEST * self.pause)
                await asyncio.sleep(random.uniform(0, wait))

    async def _converse(self, own_address: str, person: Person) -> None:
        phone = person.phone
        address = phone.origin.replace("http", "ws", 1) + SOCKET_PATH
        async with connect(
            address,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            open_timeout=60,
            ping_interval=None,  # the server pings
            local_addr=(own_address, 0),
        ) as socket:
            hello = json.loads(await socket.recv())
            await socket.send(json.dumps(phone.sign_ws(hello)))
            ready = json.loads(await socket.recv())
            assert phone.accepts_ready(hello, ready), ready
            self._waits.pop(phone.device, None)
            self._sockets.add(socket)
            self._note(phone.device, here=True)
            try:
                async for text in socket:
                    await self._hear(person, socket, hello["server_key"], json.loads(text))
            finally:
                self._sockets.discard(socket)
                self._note(phone.device, here=False)

    async def _hear(
        self, person: Person, socket: ClientConnection, server_key: str, message: dict[str, Any]
    ) -> None:
        if message["t"] == "request":
            assert person.phone.accepts_request(server_key, message)
            await socket.send(json.dumps(person.phone.answer_body(message, "approve")))
        elif message["t"] == "result" and message["ok"]:
            with self._change:
                self.acknowledged[message["challenge"]] = message["state"]
                self._change.notify_all()

    def _note(self, device: str, *, here: bool) -> None:
        with self._change:
            (self.connected.add if here else self.connected.discard)(device)
            self._change.notify_all()
