"""A push service on this machine: takes messages as those of browsers do, and reads them.

It holds the browser's half of a subscription too, so that it can open what only a browser could.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec

from devices import p256
from devices.protocol import b64, unb64

AUTH = b"sixteen bytes :)"


class Message:
    """One message as it came: its headers and its body."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path = path
        self.headers = headers
        self.body = body

    def claims(self, server_key: str) -> dict[str, Any]:
        """What the sender claims, once its signature is found to be by `server_key` (RFC 8292)."""
        scheme, _, parameters = self.headers["authorization"].partition(" ")
        token, key = (part.strip().partition("=")[2] for part in parameters.split(","))
        assert (scheme, key) == ("vapid", server_key)
        signed, _, signature = token.rpartition(".")
        head, claims = (json.loads(unb64(part)) for part in signed.split("."))
        assert head == {"typ": "JWT", "alg": "ES256"}
        public = p256.load_public(unb64(key))
        assert p256.verify(public, unb64(signature), signed.encode())
        assert time.time() < claims["exp"] <= time.time() + 24 * 3600
        return dict(claims)


class PushService:
    """Use `running` to start and stop it. `answers` are given in turn, then always 201.

    `drips` makes it a slow one: of its answer a byte comes now and then, and no end.
    """

    def __init__(self, port: int = 0) -> None:
        self.drips = False
        self.key: ec.EllipticCurvePrivateKey = p256.generate()
        self.messages: Queue[Message] = Queue()
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def subscription(self, name: str = "phone") -> dict[str, Any]:
        """As PushManager.subscribe() gives it to a page."""
        keys = {"p256dh": b64(p256.public_bytes(self.key)), "auth": b64(AUTH)}
        return {"endpoint": f"{self.origin}/push/{name}", "expirationTime": None, "keys": keys}

    def next_message(self, seconds: float = 10) -> Message:
        return self.messages.get(timeout=seconds)

    def read(self, message: Message) -> bytes:
        """Its text, as the browser opens it (RFC 8291)."""
        assert message.headers["content-encoding"] == "aes128gcm"
        text: bytes = http_ece.decrypt(
            message.body, private_key=self.key, auth_secret=AUTH, version="aes128gcm"
        )
        return text


@contextmanager
def running(port: int = 0) -> Iterator[PushService]:
    service = PushService(port)
    thread = threading.Thread(target=service.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield service
    finally:
        service.server.shutdown()
        service.server.server_close()
        thread.join()


def _handler(service: PushService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, extra = service.answers.pop(0) if service.answers else (201, {})
            service.messages.put(Message(self.path, headers, body))
            if service.drips:
                self.drip()
                return
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def drip(self) -> None:
            self.wfile.write(b"HTTP/1.1 201 Created\r\nX-Slow: ")
            with suppress(OSError):  # they hang up some time
                while service.drips:
                    self.wfile.write(b".")
                    time.sleep(0.2)

        def log_message(self, *args: Any) -> None:
            """Its requests are looked at, not printed."""

    return Handler
