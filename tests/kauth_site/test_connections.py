"""What is done with idle sockets and with what has ended, by travelling in time."""

import asyncio
import time
from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from devices.protocol import CloseCode
from kauth_site.connections import PING, PING_SECONDS, SOCKET_LIMITS, GracefulServer, Socket

HOURS = 3600
PONG = b"\x8a\x80mask"


class Line(StringTransport):
    """One that remembers that it was cut."""

    cut = False

    def abortConnection(self) -> None:  # noqa: N802 - twisted's name
        self.cut = True


@pytest.fixture
def server() -> Any:
    """One that does not listen."""
    server = GracefulServer(None, endpoints=["tcp:0"], **SOCKET_LIMITS)
    server.connections = {}
    return server


@pytest.fixture
def socket(server: Any) -> Any:
    """An open one; the close codes that it would send are kept in `codes`."""
    socket: Any = Socket.__new__(Socket)
    socket.server, socket.transport = server, Line()  # type: ignore[no-untyped-call]
    socket.state = Socket.STATE_OPEN
    socket.data, socket.current_frame = b"", None
    socket.client_addr, socket.path, socket.muted = "", b"/", False
    socket.socket_opened = time.time()
    socket.codes = []
    socket.sendCloseFrame = lambda **frame: socket.codes.append(frame["code"])
    socket.dropConnection = lambda abort: socket.transport.abortConnection()
    server.protocol_connected(socket)
    return socket


def turns(server: Any, count: int) -> None:
    for _ in range(count):
        server.next_turn()


def after(socket: Any, seconds: float) -> list[int]:
    socket.socket_opened -= seconds
    socket.heard = True
    socket.check_timeouts()
    return list(socket.codes)


def test_d81_a_socket_is_closed_after_twelve_hours(socket: Any) -> None:
    assert after(socket, 12 * HOURS - 60) == []
    assert after(socket, 60) == [1000]


def test_d81_a_socket_is_pinged_every_thirty_seconds(server: Any, socket: Any) -> None:
    turns(server, PING_SECONDS - 1)
    assert socket.transport.value() == b""
    turns(server, 1)
    assert socket.transport.value() == PING
    socket.dataReceived(PONG)
    turns(server, PING_SECONDS)
    assert socket.transport.value() == PING + PING


def test_d81_who_answers_no_ping_is_dropped(server: Any, socket: Any) -> None:
    turns(server, PING_SECONDS)
    assert not socket.transport.cut
    turns(server, PING_SECONDS)
    assert socket.transport.cut


def test_d81_who_answers_every_ping_is_kept(server: Any, socket: Any) -> None:
    for _ in range(3):
        turns(server, PING_SECONDS)
        socket.dataReceived(PONG)
    assert not socket.transport.cut


def test_a_socket_that_is_gone_is_forgotten(server: Any, socket: Any) -> None:
    server.protocol_disconnected(socket)
    server.look_at_endings()
    turns(server, PING_SECONDS)
    assert socket.transport.value() == b""
    assert not any(server._turns)


def test_a_socket_is_closed_with_the_protocols_own_codes(socket: Any) -> None:
    socket.serverClose(CloseCode.TOO_BIG)
    assert socket.codes == [CloseCode.TOO_BIG]


async def started(server: Any, socket: Any, application: Any) -> asyncio.Task[None]:
    server.application = application
    server.create_application(socket, {"type": "websocket"})
    await asyncio.sleep(0)
    running: asyncio.Task[None] = server.connections[socket]["application_instance"]
    return running


async def failing(**_: Any) -> None:
    raise ValueError("a fault")


async def waiting(**_: Any) -> None:
    await asyncio.Event().wait()


async def test_a_fault_of_an_application_closes_its_socket(server: Any, socket: Any) -> None:
    await started(server, socket, failing)
    await asyncio.sleep(0)
    server.look_at_endings()
    assert socket.codes == [1011]
    assert socket in server.connections


async def test_an_application_that_outlives_its_socket_is_ended(server: Any, socket: Any) -> None:
    running = await started(server, socket, waiting)
    server.protocol_disconnected(socket)
    server.look_at_endings()
    assert not running.cancelling()
    server.connections[socket]["disconnected"] -= server.application_close_timeout + 1
    server.look_at_endings()
    await asyncio.wait([running], timeout=5)
    server.look_at_endings()
    assert running.cancelled()
    assert socket not in server.connections


async def test_of_a_socket_whose_application_runs_nothing_is_looked_at(
    server: Any, socket: Any
) -> None:
    running = await started(server, socket, waiting)
    assert not server._ending
    running.cancel()
    await asyncio.wait([running], timeout=5)
    assert server._ending == {socket}


async def test_an_end_that_is_told_after_its_socket_was_forgotten_stops_no_other(
    server: Any, socket: Any
) -> None:
    await started(server, socket, failing)
    server.protocol_disconnected(socket)
    server.look_at_endings()
    await asyncio.sleep(0)
    server.look_at_endings()
    assert not server._ending
