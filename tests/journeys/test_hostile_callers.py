"""What a caller does who reads the protocol and means no good, against the real server."""

import contextlib
import signal
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.services.server import ServerProcess

PATIENCE = 2
LIMIT = 256 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HEAD = "{method} HTTP/1.1\r\nHost: {{host}}\r\n"
UPGRADE = (
    HEAD.format(method="GET /ws/device/") + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: kauth.device.v1\r\n\r\n"
)
UNREADABLE = [
    HEAD.format(method=f"GET /login/?{'a=1&' * 3000}") + "\r\n",
    HEAD.format(method="POST /login/") + "Content-Type: application/x-www-form-urlencoded; "
    "charset=rot13\r\nContent-Length: 3\r\n\r\na=b",
    HEAD.format(method="POST /login/") + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    HEAD.format(method="GET /ws/device/") + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
]


def pieces(size: int) -> Iterator[bytes]:
    """Without a length: what is sent so is chunked."""
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("path", ["/login/", "/device/v1/links"])
@pytest.mark.parametrize("size", [LIMIT + 1024, 64 * LIMIT])
def test_a_body_that_is_too_long_is_cut_off(server: ServerProcess, path: str, size: int) -> None:
    """Whether it is announced or comes in chunks; afterwards the server is well."""
    bodies: list[bytes | Iterator[bytes]] = [b"x" * size, pieces(size)]
    for body in bodies:
        with contextlib.suppress(httpx.WriteError, httpx.ReadError):
            answer = httpx.post(f"{server.origin}{path}", content=body, headers=FORM)
            assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
            assert "more than any page here takes" in answer.text
    assert server.is_healthy()


def test_an_announced_body_that_is_too_long_is_refused_before_it_comes(
    server: ServerProcess,
) -> None:
    head = f"POST /login/ HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(f"{head}Content-Length: {2**40}\r\n\r\n".encode())
        heard = b"".join(iter(lambda: line.recv(4096), b""))
    assert heard.startswith(b"HTTP/1.1 413 ")


def hurls(server: ServerProcess, request: str) -> bytes:
    """Says it, and waits for the first words of the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(request.format(host=f"localhost:{server.port}").encode())
        return line.recv(4096)


def leaves(server: ServerProcess) -> None:
    """Opens a device socket and is gone before the greeting."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(UPGRADE.format(host=f"localhost:{server.port}").encode())
        line.sendall(b"\x88\x80\0\0\0\0")


def test_nothing_that_a_stranger_sends_puts_a_traceback_into_the_log(
    server: ServerProcess,
) -> None:
    for request in UNREADABLE:
        assert b" 400 " in hurls(server, request)[:20]
    for _ in range(5):
        leaves(server)
    assert server.is_healthy()
    assert "TooManyFieldsSent" in server.output()
    assert "Traceback" not in server.output()


def test_d78_of_many_sockets_of_one_network_few_are_opened(server: ServerProcess) -> None:
    with contextlib.ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            for _ in range(250)
        ]
        for line in lines:
            line.sendall(UPGRADE.format(host=f"localhost:{server.port}").encode())
        told = [line.recv(64).split(b" ")[1] for line in lines]
        assert server.is_healthy()
    assert set(told) == {b"101", b"403"}
    assert told.count(b"101") < len(told) / 2


def test_many_who_call_a_busy_server_wait_in_a_queue(server: ServerProcess) -> None:
    """As devices do that come back after a restart, all at once."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        with contextlib.ExitStack() as calls:
            for _ in range(200):
                call = socket.create_connection(("localhost", server.port), timeout=PATIENCE)
                calls.enter_context(call)
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert server.is_healthy()
