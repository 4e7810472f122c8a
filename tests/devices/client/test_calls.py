"""HTTP calls: signed, patient, small, to the right server only."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.client.network import socket_address
from devices.protocol import ErrorCode
from tests.devices.client.desktop import Desktop, next_of, stopped
from tests.one_port import HttpResponse
from tests.services import certificate
from tests.software_server import SoftwareServer
from tests.software_state import LOGIN


@pytest.mark.parametrize("ahead", [1000, -1000])
async def test_a_wrong_clock_corrects_itself_once(
    desktop: Desktop, server: SoftwareServer, ahead: int
) -> None:
    await desktop.linked_with(server)
    server.clock_ahead = ahead
    assert await desktop.run("unlink") == 0
    assert server.calls.count("DELETE device") == 2


@pytest.mark.parametrize("extra", [{"time": 0}, {"time": "now"}, {"time": -7}, {"time": 2**70}, {}])
async def test_a_clock_that_cannot_be_right_is_refused(
    desktop: Desktop, server: SoftwareServer, extra: dict[str, object]
) -> None:
    await desktop.linked_with(server)
    for _ in range(2):
        server.refuse("DELETE device", ErrorCode.CLOCK, **extra)
    assert await desktop.run("unlink") == 5
    assert desktop.logins() == [LOGIN]


async def test_a_server_that_asks_to_slow_down_is_given_time(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    server.refuse("DELETE device", ErrorCode.SLOW_DOWN, headers={"Retry-After": "0"})
    assert await desktop.run("unlink") == 0


@pytest.mark.parametrize("retry_after", ["61", "3600"])
async def test_a_wait_that_is_too_long_is_said_instead(
    desktop: Desktop, server: SoftwareServer, retry_after: str
) -> None:
    await desktop.linked_with(server)
    server.refuse("DELETE device", ErrorCode.SLOW_DOWN, headers={"Retry-After": retry_after})
    assert await desktop.run("unlink") == 5
    assert "slow_down" in desktop.errors.getvalue()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(
    desktop: Desktop, two_servers: tuple[SoftwareServer, SoftwareServer], status: int
) -> None:
    server, other = two_servers
    to_other = (("Location", f"{other.origin}/device/v1/links"),)
    server.refusals["POST links"] = [HttpResponse(status, b"", to_other)]
    assert await desktop.run("link", server.link) == 6
    assert other.calls == []
    assert "No kAuth server answers there" in desktop.errors.getvalue()


async def test_a_redirect_of_the_socket_is_not_followed(
    desktop: Desktop, two_servers: tuple[SoftwareServer, SoftwareServer]
) -> None:
    server, other = two_servers
    await desktop.linked_with(server)
    to_other = (("Location", f"{socket_address(other.origin, '')}/ws/device/"),)
    server.blocks_sockets_with = HttpResponse(302, b"", to_other)
    listening = desktop.start("listen")
    await desktop.screen.shows("(by asking")
    assert other.connected.empty()
    await stopped(listening)


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(200, b"<html>"),
        HttpResponse(200, b"[]"),
        HttpResponse(500, b"oops"),
        HttpResponse(502, b'{"error":7}'),
        HttpResponse(201, b'{"a":"' + b"a" * 100_000 + b'"}'),
        HttpResponse(200, b"[" * 60_000),
        HttpResponse(200, b"{}", (("Content-Encoding", "gzip"),)),
    ],
)
async def test_what_no_kauth_server_says_is_said_plainly(
    desktop: Desktop, server: SoftwareServer, response: HttpResponse
) -> None:
    await desktop.linked_with(server)
    server.refusals["GET requests"] = [response]
    server.sockets_blocked = True
    assert await desktop.run("listen", "--once") == 6


async def test_a_403_without_the_word_revoked_forgets_nothing(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    for status, code in ((403, "forbidden"), (401, "revoked")):
        server.refusals["DELETE device"] = [HttpResponse(status, b'{"error":"%s"}' % code.encode())]
        assert await desktop.run("unlink") == 5
    assert desktop.logins() == [LOGIN]


async def test_the_words_of_a_refusal_cannot_command_the_terminal(
    desktop: Desktop, server: SoftwareServer
) -> None:
    body = b'{"error":"expired","detail":"\\u001b[2Jover\\u202e\\n"}'
    server.refusals["POST links"] = [HttpResponse(410, body)]
    assert await desktop.run("link", server.link) == 5
    assert desktop.errors.getvalue().endswith("over (expired)\n")
    assert "\x1b" not in desktop.errors.getvalue()


@dataclass(frozen=True)
class Tls:
    """A server's side of TLS, and the file by which a client may trust it."""

    file: Path
    context: ssl.SSLContext


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    files = certificate.made(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.chain, files.key)
    return Tls(files.chain, context)


async def test_a_certificate_that_nobody_trusts_ends_the_linking(
    desktop: Desktop, tls: Tls
) -> None:
    async with SoftwareServer().running(tls.context) as server:
        assert await desktop.run("link", server.link) == 6
    assert "certificate" in desktop.errors.getvalue()
    assert server.calls == []


async def test_over_tls_calls_and_sockets_work(
    desktop: Desktop, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.file))
    async with SoftwareServer().running(tls.context) as server:
        listening, device = await desktop.listening(server, "--yes")
        await server.ask(device)
        assert (await next_of(server.answers))["decision"] == "approve"
        await stopped(listening)
