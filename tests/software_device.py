"""A device with a real key and no network, for the tests of the server's side."""

import os
import time as clock
from typing import Any

from devices import p256, protocol
from devices.protocol import b64, unb64


class SoftwareDevice:
    """Makes what a device sends and checks what a server sends, as docs/protocol.md has it."""

    def __init__(self, name: str = "Pixel 8", platform: str = "cli") -> None:
        self.name = name
        self.platform = platform
        self.key = p256.generate()
        self.origin = ""
        self.server_id = b""
        self.device = ""
        self.account = ""
        self.check_number = ""
        self.token = ""
        self._token_hash = b""
        self._link_nonce = b""

    @property
    def public(self) -> bytes:
        return p256.public_bytes(self.key)

    def sign(self, frame: bytes) -> str:
        return b64(p256.sign(self.key, frame))

    def claim_body(self, address: str) -> dict[str, Any]:
        """The body of POST /device/v1/links for the link `address`."""
        link = protocol.parse_link(address)
        self.origin, self.server_id, self.token = link.origin, link.server_id, b64(link.token)
        self._token_hash = protocol.sha256(link.token)
        self._link_nonce = os.urandom(protocol.NONCE_SIZE)
        frame = protocol.link_device(
            origin=self.origin,
            server_id=self.server_id,
            token_hash=self._token_hash,
            key=self.public,
            name=self.name,
            nonce_device=self._link_nonce,
        )
        return {
            "v": protocol.VERSION,
            "token": self.token,
            "key": b64(self.public),
            "name": self.name,
            "platform": self.platform,
            "nonce": b64(self._link_nonce),
            "sig": self.sign(frame),
        }

    def accept_claim(self, response: dict[str, Any]) -> None:
        """Checks the server's answer to the claim, then holds its ids and the check number."""
        server_key, nonce_server = unb64(response["server_key"]), unb64(response["nonce"])
        assert protocol.server_id(server_key) == self.server_id, "another server's key"
        offer: dict[str, Any] = {
            "origin": self.origin,
            "server_id": self.server_id,
            "token_hash": self._token_hash,
            "key": self.public,
            "nonce_device": self._link_nonce,
            "nonce_server": nonce_server,
        }
        ids = {"device": response["device"], "account": response["account"]}
        signed = protocol.link_server(**offer, **ids)
        assert verified(server_key, response["sig"], signed), "the claim is not signed"
        self.device, self.account = response["device"], response["account"]
        self.check_number = protocol.check_number(protocol.link_check(**offer))

    def sign_ws(self, hello: dict[str, Any], nonce: bytes | None = None) -> dict[str, Any]:
        """The `auth` message that answers `hello`; the nonce stays in `ws_nonce`."""
        self.ws_nonce = nonce or os.urandom(protocol.NONCE_SIZE)
        frame = protocol.ws_device(
            origin=self.origin,
            server_id=self.server_id,
            device=self.device,
            nonce_server=unb64(hello["nonce"]),
            nonce_device=self.ws_nonce,
        )
        return {
            "t": "auth",
            "device": self.device,
            "nonce": b64(self.ws_nonce),
            "sig": self.sign(frame),
        }

    def accepts_ready(self, hello: dict[str, Any], ready: dict[str, Any]) -> bool:
        frame = protocol.ws_server(
            origin=self.origin,
            server_id=self.server_id,
            device=self.device,
            nonce_device=self.ws_nonce,
            nonce_server=unb64(hello["nonce"]),
            time=ready["time"],
        )
        return self._is_servers(hello["server_key"], ready["sig"], frame)

    def request_frame(self, request: dict[str, Any]) -> bytes:
        names = ("challenge", "purpose", "match", "created", "expires", "context")
        return protocol.request(
            origin=self.origin,
            server_id=self.server_id,
            device=self.device,
            account=self.account,
            **{name: request[name] for name in names},
        )

    def accepts_request(self, server_key: str, request: dict[str, Any]) -> bool:
        return self._is_servers(server_key, request["sig"], self.request_frame(request))

    def answer_body(
        self, request: dict[str, Any], decision: str, number: str = ""
    ) -> dict[str, Any]:
        """The `answer` message; for POST /device/v1/answers its member `device` is there too."""
        frame = protocol.answer(
            origin=self.origin,
            server_id=self.server_id,
            challenge=request["challenge"],
            device=self.device,
            account=self.account,
            purpose=request["purpose"],
            decision=decision,
            number=number,
            expires=request["expires"],
            request_frame=self.request_frame(request),
        )
        return {
            "t": "answer",
            "device": self.device,
            "challenge": request["challenge"],
            "decision": decision,
            "number": number,
            "sig": self.sign(frame),
        }

    def authorization(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        time: int | None = None,
        nonce: bytes | None = None,
    ) -> str:
        """The value of the `Authorization` header of one signed call."""
        moment = int(clock.time()) if time is None else time
        nonce = nonce or os.urandom(protocol.HTTP_NONCE_SIZE)
        frame = protocol.http(
            origin=self.origin,
            server_id=self.server_id,
            device=self.device,
            method=method,
            path=path,
            body=body,
            time=moment,
            nonce=nonce,
        )
        members = f"device={self.device},time={moment},nonce={b64(nonce)},sig={self.sign(frame)}"
        return f"KAuth {members}"

    def _is_servers(self, server_key: str, signature: str, frame: bytes) -> bool:
        key = unb64(server_key)
        return protocol.server_id(key) == self.server_id and verified(key, signature, frame)


def verified(key: bytes, signature: str, frame: bytes) -> bool:
    return p256.verify(p256.load_public(key), unb64(signature), frame)
