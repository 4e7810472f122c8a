"""A kAuth server without Django, from docs/protocol.md alone, so that a client is tested alone.

Real keys, real sockets, real HTTP. Tests spoil one thing at a time by changing its attributes.
"""

import contextlib
import json
import os
import ssl
from collections.abc import AsyncIterator
from typing import Any

from devices import p256, protocol
from devices.protocol import CloseCode, b64
from tests.one_port import one_port
from tests.software_state import CONTEXT, LinkedDevice, Message
from tests.software_wire import Wire


class SoftwareServer(Wire):
    @contextlib.asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["SoftwareServer"]:
        async with one_port(self._on_http, self._on_socket, tls) as port:
            self.origin = f"{'https' if tls else 'http'}://localhost:{port}"
            yield self

    # What the computer and the login page do

    async def confirm(self, device: LinkedDevice) -> None:
        device.state = "active"
        await self._tell(device, {"t": "active"})

    async def revoke(self, device: LinkedDevice) -> None:
        device.revoked = True
        await self._tell(device, {"t": "revoked"})
        if device.connection is not None:
            await device.connection.close(int(CloseCode.REVOKED))

    async def ask(self, device: LinkedDevice, **changes: Any) -> Message:
        """A sign-in request to `device`; `changes` are members of it or of its context."""
        request = self.request(device, **changes)
        self.open[request["challenge"]] = request
        await self._tell(device, request)
        return request

    async def close(self, device: LinkedDevice, request: Message, state: str) -> None:
        self.open.pop(request["challenge"], None)
        challenge = request["challenge"]
        await self._tell(device, {"t": "closed", "challenge": challenge, "state": state})

    def request(self, device: LinkedDevice, **changes: Any) -> Message:
        context = CONTEXT | {name: changes.pop(name) for name in set(changes) & set(CONTEXT)}
        created = changes.pop("created", self.time())
        members: Message = {
            "challenge": b64(os.urandom(32)),
            "purpose": "login",
            "match": "tap",
            "created": created,
            "expires": created + 120,
            "context": json.dumps(context),
            **changes,
        }
        frame = protocol.request(
            origin=self.origin,
            server_id=self.server_id,
            device=device.device,
            account=device.account,
            **members,
        )
        signature = p256.sign(self.signs_requests_with or self.key, frame)
        return {"t": "request", **members, "digits": 2, "sig": b64(signature)}
