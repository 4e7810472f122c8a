"""What a caller does who reads the protocol and means no good, against the real server."""

import contextlib
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.services.server import ServerProcess

LIMIT = 256 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


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
