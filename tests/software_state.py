"""What the software server knows, and what a test can spoil of it."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection

from devices import messages, p256, protocol
from devices.protocol import CloseCode, ErrorCode
from tests.one_port import HttpResponse, refusal

LOGIN = "alice@example.org"
BACKUP_CODES = [f"ABCD-EFGH-JKMN-{number:04d}" for number in range(10)]
CONTEXT = {
    "service": "Account manager",
    "login": LOGIN,
    "browser": "Firefox on Linux",
    "ip": "203.0.113.7",
    "place": None,
    "new_browser": True,
}
Message = dict[str, Any]


@dataclass
class LinkedDevice:
    device: str
    account: str
    key: bytes
    name: str
    state: str
    totp_secret: bytes = field(default_factory=lambda: os.urandom(20))
    provisioned: bool = False
    revoked: bool = False
    connection: ServerConnection | None = None


class ServerState:
    def __init__(self) -> None:
        self.key = p256.generate()
        self.origin = ""
        self.token = os.urandom(protocol.TOKEN_SIZE)
        self.devices: dict[str, LinkedDevice] = {}
        self.open: dict[str, Message] = {}
        self.away: int | None = None
        self.notices: list[Message] = []
        self.vetoed: list[str] = []
        # What has happened; tests wait for the next one.
        self.claimed: asyncio.Queue[LinkedDevice] = asyncio.Queue()
        self.connected: asyncio.Queue[LinkedDevice] = asyncio.Queue()
        self.seen: asyncio.Queue[str] = asyncio.Queue()
        self.answers: asyncio.Queue[Message] = asyncio.Queue()
        self.calls: list[str] = []
        # What a test can spoil.
        self.state_of_claims = "pending"
        self.greets_with: p256.PrivateKey | None = None
        self.signs_claims_with: p256.PrivateKey | None = None
        self.signs_greetings_with: p256.PrivateKey | None = None
        self.signs_requests_with: p256.PrivateKey | None = None
        self.sockets_blocked = False
        self.blocks_sockets_with: HttpResponse | None = None
        self.clock_ahead = 0
        self.refusals: dict[str, list[HttpResponse]] = {}
        self.judge: Callable[[Message], Message] = approved_by_decision
        self.silent_about_answers = False
        self.backup_codes: list[str] | None = BACKUP_CODES

    @property
    def public(self) -> bytes:
        return p256.public_bytes(self.key)

    @property
    def server_id(self) -> bytes:
        return protocol.server_id(self.public)

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def link(self) -> str:
        return protocol.link_address(self.origin, self.token, self.server_id)

    def time(self) -> int:
        return int(time.time()) + self.clock_ahead

    def refuse(self, call: str, code: ErrorCode, **extra: Any) -> None:
        """The next such call is refused."""
        self.refusals.setdefault(call, []).append(refusal(code, **extra))

    async def drop(self, device: LinkedDevice) -> None:
        """Ends the socket as a server does that goes away for a moment."""
        assert device.connection is not None
        await device.connection.close(int(CloseCode.GOING_AWAY))

    async def _tell(self, device: LinkedDevice, message: Message) -> None:
        if device.connection is not None:
            await device.connection.send(messages.encode(message))


def approved_by_decision(given: Message) -> Message:
    states = {"approve": "approved", "deny": "denied", "report": "reported"}
    return {"ok": True, "state": states[given["decision"]]}
