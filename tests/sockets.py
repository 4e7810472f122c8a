"""The other end of a socket, for tests: real frames into the ASGI application, no network."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.routing import get_default_application
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from devices.protocol import SOCKET_PATH, SUBPROTOCOL
from tests.software_device import SoftwareDevice

Message = dict[str, Any]
PATIENCE = 10


class Socket:
    """Says and hears JSON. What the application raises is raised in the test."""

    def __init__(self, wire: WebsocketCommunicator) -> None:
        self.wire = wire
        self.heard: list[str] = []
        self.hello: Message = {}
        self.ready: Message = {}

    async def say(self, message: object) -> None:
        await self.say_raw(message if isinstance(message, bytes | str) else json.dumps(message))

    async def say_raw(self, frame: bytes | str) -> None:
        kind = "bytes" if isinstance(frame, bytes) else "text"
        await self.wire.send_input({"type": "websocket.receive", kind: frame})

    async def hear(self) -> Message:
        text = await self.wire.receive_from(PATIENCE)
        self.heard.append(text)
        return dict(json.loads(text))

    async def closed_with(self) -> int:
        """The close code. Whatever was said before it is kept in `heard`."""
        while True:
            event = await self.wire.receive_output(PATIENCE)
            if event["type"] == "websocket.close":
                return int(event.get("code", 1000))
            self.heard.append(event["text"])

    async def hears_nothing(self) -> bool:
        """Two pings: at the second answer all is said that was to be said before the first."""
        for _ in range(2):
            await self.say({"t": "ping"})
            if (await self.hear())["t"] != "pong":
                return False
        return True


@asynccontextmanager
async def opened(wire: WebsocketCommunicator) -> AsyncIterator[Socket]:
    accepted, _ = await wire.connect(PATIENCE)
    assert accepted, "the socket was refused"
    try:
        yield Socket(wire)
    finally:
        if not wire.future.done():
            await wire.disconnect(timeout=PATIENCE)


@asynccontextmanager
async def stranger_socket(**options: Any) -> AsyncIterator[Socket]:
    """The device socket, greeted and not authenticated."""
    async with opened(device_wire(**options)) as socket:
        socket.hello = await socket.hear()
        yield socket


@asynccontextmanager
async def device_socket(device: SoftwareDevice, **options: Any) -> AsyncIterator[Socket]:
    """The device socket of `device`, after `ready`, whose signature is checked."""
    async with stranger_socket(**options) as socket:
        await socket.say(device.sign_ws(socket.hello))
        socket.ready = await socket.hear()
        assert device.accepts_ready(socket.hello, socket.ready), socket.ready
        yield socket


def device_wire(
    *,
    path: str = SOCKET_PATH,
    headers: list[tuple[bytes, bytes]] | None = None,
    subprotocols: list[str] | None = None,
    address: str = "203.0.113.9",
) -> WebsocketCommunicator:
    offered = [SUBPROTOCOL] if subprotocols is None else subprotocols
    return _wire(path, headers or [], offered, address)


def page_wire(path: str, visitor: Client, *origins: bytes) -> WebsocketCommunicator:
    """A socket of a page: with the cookies of `visitor` and, unless told, our own origin."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.cookies.items())
    sent = origins or (settings.KAUTH_ORIGIN.encode(),)
    headers = [(b"origin", origin) for origin in sent] + [(b"cookie", cookies.encode())]
    return _wire(path, headers, [], "203.0.113.9")


def _wire(path: str, headers: Any, subprotocols: list[str], address: str) -> WebsocketCommunicator:
    # Found late: the application wants the static files that the run collects first.
    application = get_default_application()
    wire = WebsocketCommunicator(application, path, headers=headers, subprotocols=subprotocols)
    wire.scope["client"] = [address, 40000]
    return wire
