"""A device and a waiting page on the real sockets of a server process, for journeys."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from devices.protocol import SOCKET_PATH, SUBPROTOCOL
from tests.journeys.browser import Browser
from tests.software_device import SoftwareDevice

# Beat comes by every ten seconds.
PATIENCE = 20


class DeviceSocket:
    """What a linked device hears and says, after it has proven itself."""

    def __init__(self, socket: ClientConnection, device: SoftwareDevice) -> None:
        self.socket = socket
        self.device = device
        self.hello = self.hear()
        self.say(device.sign_ws(self.hello))
        ready = self.hear()
        assert device.accepts_ready(self.hello, ready), ready

    def hear(self) -> dict[str, Any]:
        return dict(json.loads(self.socket.recv(PATIENCE)))

    def hears(self, kind: str) -> dict[str, Any]:
        """What comes next of this kind; a question may be told twice, as a ring may be."""
        while (message := self.hear())["t"] != kind:
            pass
        return message

    def say(self, message: dict[str, Any]) -> None:
        self.socket.send(json.dumps(message))

    def answer(
        self, decision: str, number: str = "", request: dict[str, Any] | None = None
    ) -> None:
        """Answers the request that comes next, once its signature is checked."""
        asked = request or self.hear()
        assert self.device.accepts_request(self.hello["server_key"], asked), asked
        self.say(self.device.answer_body(asked, decision, number))

    def closed_with(self) -> int | None:
        """Hears on until the server closes."""
        try:
            while True:
                self.hear()
        except ConnectionClosed as closing:
            return closing.rcvd.code if closing.rcvd else None


@contextmanager
def connected(origin: str, device: SoftwareDevice, port: int = 0) -> Iterator[DeviceSocket]:
    """By the address of the site; or, around its proxy, at the `port` of one process."""
    options: dict[str, Any] = {"subprotocols": [Subprotocol(SUBPROTOCOL)]}
    with _opened(origin, SOCKET_PATH, port, **options) as open_socket:
        yield DeviceSocket(open_socket, device)


def _opened(site: str, path: str, port: int, **options: Any) -> ClientConnection:
    if not port:
        return connect(site.replace("http", "ws", 1) + path, **options)
    here = socket.create_connection(("127.0.0.1", port))
    told = {"X-Forwarded-Proto": "https", **options.pop("additional_headers", {})}
    address = f"ws://{site.partition('://')[2]}{path}"
    return connect(address, sock=here, additional_headers=told, **options)


def call(
    origin: str, device: SoftwareDevice, method: str, path: str, body: bytes = b""
) -> httpx.Response:
    """One signed call to /device/v1."""
    proof = {"Authorization": device.authorization(method, path, body)}
    return httpx.request(method, origin + path, content=body, headers=proof)


def question(origin: str, device: SoftwareDevice) -> dict[str, Any]:
    """The one request that waits for this device."""
    (request,) = (
        call(origin, device, "GET", "/device/v1/requests").raise_for_status().json()["requests"]
    )
    return dict(request)


def send_answer(origin: str, answer: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{origin}/device/v1/answers", json=answer)


class PageSocket:
    """The waiting page's doorbell, which listens from when it is open. Like the page's script it
    looks once for each "changed".
    """

    def __init__(self, socket: ClientConnection, browser: Browser) -> None:
        self.socket = socket
        self.browser = browser

    def waits_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What the page is told, as soon as it is `wanted`."""
        while True:
            assert json.loads(self.socket.recv(PATIENCE)) == {"t": "changed"}
            told = self.browser.waiting()
            if wanted(told):
                return told


@contextmanager
def waiting_page(browser: Browser, port: int = 0) -> Iterator[PageSocket]:
    cookies = "; ".join(f"{one.name}={one.value}" for one in browser.http.cookies.jar)
    told = {"origin": Origin(browser.origin), "additional_headers": {"Cookie": cookies}}
    with _opened(browser.origin, "/ws/login/", port, **told) as open_socket:
        yield PageSocket(open_socket, browser)


def sign_up_and_link(browser: Browser, login_id: str, password: str) -> SoftwareDevice:
    """A new person with a linked device; the browser ends on the page of the backup codes."""
    browser.open("/signup/")
    browser.press("Sign up", username=login_id, password1=password, password2=password)
    return link(browser)


def link(browser: Browser) -> SoftwareDevice:
    """Another device of the person who is signed in."""
    browser.open("/2fa/add/kauth/")
    browser.press("Next")
    device = SoftwareDevice()
    claim = device.claim_body(browser.link_address())
    response = httpx.post(f"{browser.origin}/device/v1/links", json=claim)
    device.accept_claim(response.raise_for_status().json())
    browser.press("I have scanned it")
    browser.press("Yes, this is my device")
    return device
