"""HTTP calls: signed, patient, small, to the right server only."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from devices.client.network import socket_address
from devices.protocol import ErrorCode
from tests.devices.client.desktop import Desktop, next_of, stopped
from tests.one_port import HttpResponse
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


class Certificate:
    """A certificate for localhost that nobody has signed but its own key."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.file, key_file = folder / "certificate.pem", folder / "key.pem"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(self.file, key_file)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


async def test_a_certificate_that_nobody_trusts_ends_the_linking(
    desktop: Desktop, certificate: Certificate
) -> None:
    async with SoftwareServer().running(certificate.context) as server:
        assert await desktop.run("link", server.link) == 6
    assert "certificate" in desktop.errors.getvalue()
    assert server.calls == []


async def test_over_tls_calls_and_sockets_work(
    desktop: Desktop, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with SoftwareServer().running(certificate.context) as server:
        listening, device = await desktop.listening(server, "--yes")
        await server.ask(device)
        assert (await next_of(server.answers))["decision"] == "approve"
        await stopped(listening)
