"""What daphne is told of sockets, tried by travelling in time on one of its own."""

import time
from typing import Any

import pytest

from devices.protocol import CloseCode
from kauth_site.server import SOCKET_LIMITS, GracefulServer, Socket

HOURS = 3600


@pytest.fixture
def socket() -> Any:
    """An open one, without a line: what would be sent is kept in `sent`."""
    socket: Any = Socket.__new__(Socket)
    server: Any = GracefulServer
    socket.server = server(None, endpoints=["tcp:0"], **SOCKET_LIMITS)
    socket.state = Socket.STATE_OPEN
    socket.socket_opened = socket.last_ping = time.time()
    socket.sent = []
    socket.sendCloseFrame = lambda **frame: socket.sent.append(frame["code"])
    socket._sendAutoPing = lambda: socket.sent.append("ping")
    return socket


def after(socket: Any, seconds: float) -> list[Any]:
    socket.sent.clear()
    socket.socket_opened -= seconds
    socket.last_ping -= seconds
    socket.check_timeouts()
    return list(socket.sent)


def test_d81_a_socket_is_closed_after_twelve_hours(socket: Any) -> None:
    assert 1000 not in after(socket, 12 * HOURS - 60)
    assert 1000 in after(socket, 120)


def test_d81_a_socket_is_pinged_every_thirty_seconds(socket: Any) -> None:
    assert after(socket, 25) == []
    assert after(socket, 10) == ["ping"]
    assert after(socket, 25) == []
    assert after(socket, 10) == ["ping"]


def test_a_socket_is_closed_with_the_protocols_own_codes(socket: Any) -> None:
    socket.serverClose(CloseCode.TOO_BIG)
    assert socket.sent == [CloseCode.TOO_BIG]
