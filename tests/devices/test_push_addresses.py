"""To whom nothing is ever sent: addresses that a device makes up to reach somebody else (D-85)."""

import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from devices import p256, push, push_subscriptions, sealing, tasks
from devices.models import PushSubscription
from tests.connections import watched
from tests.linked import Linked
from tests.services.push_service import PushService

ELSEWHERE = [
    "https://x.googleapis.com.evil/",
    "https://evilfcm.googleapis.com/",
    "https://a.fcm.googleapis.com/",
    "https://googleapis.com/",
    "https://notify.windows.com/",
    "https://evilnotify.windows.com/",
    "https://x.notify.windows.com.evil/",
    "https://evil/#.googleapis.com/",
    "https://evil/?.notify.windows.com",
    "https://fcm.googleapis.com/#x",
    "https://a@fcm.googleapis.com@127.0.0.1/",
    "https://fcm.googleapis.com@127.0.0.1/",
    "https://fcm.googleapis.com:22/",
    "https://fcm.googleapis.com\\@127.0.0.1/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://localhost/",
    "https://169.254.169.254/latest/meta-data/",
    "http://fcm.googleapis.com/",
    "http://127.0.0.1:6379/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
]


@pytest.mark.django_db
@pytest.mark.parametrize("endpoint", ELSEWHERE)
def test_d85_nothing_is_sent_to_what_only_looks_like_a_push_service(
    alice: Linked, push_service: PushService, endpoint: str
) -> None:
    """Not even when such an address has come into the table."""
    push_subscriptions.store(alice.row, push_service.subscription() | ALLOWED)
    kept = PushSubscription.objects.get()
    plain = sealing.open_sealed(bytes(kept.subscription), "push", str(alice.row.public_id))
    spoiled = plain.replace(ALLOWED["endpoint"].encode(), endpoint.replace("\\", "\\\\").encode())
    sealed = sealing.seal(spoiled, "push", str(alice.row.public_id))
    PushSubscription.objects.update(subscription=sealed)
    with watched() as connections:
        tasks.wake.apply((alice.row.pk, int(time.time()) + 60), throw=True)
    assert connections == []
    assert not PushSubscription.objects.exists()


ALLOWED = {"endpoint": "https://fcm.googleapis.com/fcm/send/x"}


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com:443/wp/y?z=1",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "https://db5p.notify.windows.com/w/?token=BQYAAAB",
    ],
)
def test_the_push_services_of_browsers_are_known(endpoint: str) -> None:
    place = push.place_of(endpoint)
    assert endpoint.replace(":443", "") == f"https://{place.host}{place.path}"
    assert place.port == 443


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "10.0.0.1", "169.254.169.254"])
def test_d85_a_known_name_that_leads_inside_is_not_connected_to(
    settings: Settings, push_service: PushService, host: str
) -> None:
    """As when the answer to the name's look-up is forged."""
    settings.KAUTH_PUSH_HOSTS = (host,)
    message = push_service.subscription() | {"endpoint": f"https://{host}/x"}
    with watched() as connections, pytest.raises(push.Refused):
        push.send(message, seconds=60)
    assert [seen for seen in connections if "443" in seen] == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_d85_no_address_inside_is_public(address: str) -> None:
    assert not push.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001:82b::200a", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert push.is_public(address)


def test_d85_a_redirect_is_not_followed(push_service: PushService, settings: Settings) -> None:
    settings.KAUTH_PUSH_TEST_SERVICE = push_service.origin
    push_service.answers = [(302, {"Location": "http://169.254.169.254/latest/"})]
    with watched() as connections, pytest.raises(push.Refused):
        push.send(push_service.subscription(), seconds=60)
    assert len(connections) == 1
    assert push_service.messages.qsize() == 1


def test_d92_no_error_tells_where_a_browser_is_reached(
    push_service: PushService, settings: Settings
) -> None:
    settings.KAUTH_PUSH_TEST_SERVICE = push_service.origin
    subscription = push_service.subscription("secret-place")
    for status in (302, 410, 503):
        push_service.answers = [(status, {})]
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is
            push.send(subscription, seconds=60)
        assert "secret-place" not in repr(caught.value)


# --- By TLS -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A server for push.example.org on this machine: its port, and who vouches for it."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = _certificate_for("push.example.org", folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_port, certificate
    server.shutdown()
    server.server_close()
    thread.join()


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(201)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Not printed."""


def test_d85_a_connection_goes_to_the_address_that_was_looked_at(tls: tuple[int, Path]) -> None:
    port, certificate = tls
    trust = ssl.create_default_context(cafile=certificate)
    connection = push.PinnedConnection("push.example.org", "127.0.0.1", port, trust)
    with watched() as connections:
        connection.request("POST", "/x")
        assert connection.getresponse().status == 201
    connection.close()
    assert connections == [str(("127.0.0.1", port))]


def test_d85_whoever_answers_there_must_be_the_push_service(tls: tuple[int, Path]) -> None:
    port, certificate = tls
    trust = ssl.create_default_context(cafile=certificate)
    for host, context in (("fcm.googleapis.com", trust), ("push.example.org", None)):
        connection = push.PinnedConnection(host, "127.0.0.1", port, context)
        with pytest.raises(ssl.SSLCertVerificationError):
            connection.request("POST", "/x")
        connection.close()


def _certificate_for(host: str, folder: Path) -> tuple[Path, Path]:
    private, now = p256.generate(), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate").write_bytes(certificate.public_bytes(pem))
    format_ = serialization.PrivateFormat.PKCS8
    plain = private.private_bytes(pem, format_, serialization.NoEncryption())
    (folder / "key").write_bytes(plain)
    return folder / "certificate", folder / "key"
