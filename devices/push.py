"""Web Push (RFC 8030, 8291, 8292): the only module that knows push services. Sends "wake up".

Where to send comes from a browser, so from anybody. Nothing leaves but for hosts that the site
allows, by https, to public addresses that are looked up once; no redirect is followed.
"""

import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv6Address, ip_address
from threading import Timer
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from devices import protocol, vapid

PAYLOAD = b'{"v":1}'
TIMEOUT = 5
PORT = 443
LONGEST_ENDPOINT = 2000
TOPIC_BYTES = 24  # 32 characters, the most that a topic may have
# What browsers make of a URL: visible ASCII, and a host name that fits its column (RFC 1035).
VISIBLE = re.compile(r"[!-~]+")
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*")
NAT64_PREFIX = bytes.fromhex("0064ff9b0000000000000000")


class NoPushService(Exception):
    """Not the address of a push service that this site sends to."""


class Gone(Exception):
    """The subscription is over: the push service will never take a message for it again."""


class Refused(Exception):
    """The push service does not take this message. Its words are for the log."""


class TryLater(Exception):
    """The push service is away or busy, for at least `after` seconds if it said so."""

    def __init__(self, after: int = 0) -> None:
        super().__init__(f"after {after} s")
        self.after = after


@dataclass(frozen=True)
class Place:
    """Where an endpoint leads. `is_test` is a service on this machine, set by the operator."""

    host: str
    port: int
    path: str
    is_test: bool = False

    @property
    def origin(self) -> str:
        """As a token names its audience (RFC 8292, section 2)."""
        return settings.KAUTH_PUSH_TEST_SERVICE if self.is_test else f"https://{self.host}"


def place_of(endpoint: str) -> Place:
    """Raises NoPushService for whatever is not a push service of the site's list."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise NoPushService from None
    host = parts.hostname or ""
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if not VISIBLE.fullmatch(endpoint) or len(endpoint) > LONGEST_ENDPOINT or "#" in endpoint:
        raise NoPushService
    if f"{parts.scheme}://{parts.netloc}" == settings.KAUTH_PUSH_TEST_SERVICE:
        return Place(host, port or 80, path, is_test=True)
    if not _is_plain_https(parts) or not _is_allowed(host):
        raise NoPushService
    return Place(host, PORT, path or "/")


def send(subscription: dict[str, Any], *, seconds: int) -> None:
    """Hands "wake up" to the push service, which keeps it for up to `seconds`.

    Raises NoPushService before anything is sent; Gone, TryLater, Refused.
    """
    place = place_of(subscription["endpoint"])
    try:
        answer = _post(place, _sealed(subscription), _headers(place, subscription, seconds))
    except (OSError, HTTPException):
        raise TryLater from None  # an error of theirs may quote the address, which is a secret
    _judge(answer)


def _is_plain_https(parts: SplitResult) -> bool:
    return bool(
        parts.scheme == "https"
        and "@" not in parts.netloc
        and parts.port in (None, PORT)
        and HOST.fullmatch(parts.hostname or "")
    )


def _is_allowed(host: str) -> bool:
    """Whole names, or, for what begins with a dot in the list, names that end with it."""
    return any(
        host == name or (name.startswith(".") and host.endswith(name))
        for name in settings.KAUTH_PUSH_HOSTS
    )


def _headers(place: Place, subscription: dict[str, Any], seconds: int) -> dict[str, str]:
    # The same for each message to one browser, so that a newer one takes the place of an older
    # one that still waits; opaque, since the push service reads it.
    topic = sha256(b"kauth push topic" + subscription["keys"]["auth"].encode()).digest()
    return {
        "Authorization": vapid.authorization(place.origin),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(seconds),
        "Topic": protocol.b64(topic[:TOPIC_BYTES]),
        "Urgency": "high",
    }


def _sealed(subscription: dict[str, Any]) -> bytes:
    # Imported late: it brings two HTTP clients, which nothing else here has a use for.
    from pywebpush import WebPusher  # noqa: PLC0415

    body: bytes = WebPusher(subscription).encode(PAYLOAD, content_encoding="aes128gcm")["body"]
    return body


def _post(place: Place, body: bytes, headers: dict[str, str]) -> HTTPResponse:
    connection = _connection_to(place)
    # A timeout is for each byte: who sends one now and then must not hold the worker up.
    over = Timer(TIMEOUT, _hang_up, (connection,))
    over.start()
    try:
        connection.request("POST", place.path, body, headers)
        answer = connection.getresponse()
        answer.close()  # its head is all that is read; whoever keeps it keeps no socket
        return answer
    finally:
        over.cancel()
        connection.close()


def _hang_up(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _connection_to(place: Place) -> HTTPConnection:
    if place.is_test:
        return HTTPConnection(place.host, place.port, timeout=TIMEOUT)
    return PinnedConnection(place.host, public_address(place.host), place.port)


class PinnedConnection(HTTPSConnection):
    """By TLS to `address`, which was looked at before, with the certificate of `host`."""

    def __init__(
        self, host: str, address: str, port: int, context: ssl.SSLContext | None = None
    ) -> None:
        self.address, self.trust = address, context or ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT, context=self.trust)

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), TIMEOUT)
        self.sock = self.trust.wrap_socket(
            plain, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock.do_handshake()


def public_address(host: str) -> str:
    """The first address of `host`. Raises Refused if one of them is not public."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)]
    if not all(is_public(address) for address in found):
        raise Refused("an address that is not public")
    return found[0]


def is_public(address: str) -> bool:
    """Whether anybody on the internet has it; an IPv6 address may stand for an IPv4 one."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.sixtofour or ip.teredo:
            return False
        if ip.packed.startswith(NAT64_PREFIX):
            return is_public(str(ip_address(ip.packed[-4:])))
    return ip.is_global and not ip.is_multicast


def _judge(answer: HTTPResponse) -> None:
    if 200 <= answer.status < 300:
        return
    if answer.status in (404, 410):
        raise Gone
    if answer.status == 429 or answer.status >= 500:
        after = answer.headers.get("Retry-After", "")
        raise TryLater(int(after) if after.isascii() and after.isdigit() else 0)
    raise Refused(f"status {answer.status}")
