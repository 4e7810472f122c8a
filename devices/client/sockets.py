"""The device socket of docs/protocol.md, section 4: no word counts before both sides are proved."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from devices import messages, protocol
from devices.client.accounts import ACTIVE, PENDING
from devices.client.errors import NetworkProblem, Refused, Revoked, Untrusted
from devices.client.identity import Identity, pinned_key
from devices.client.network import CLOSE_SECONDS, CONNECT_SECONDS, USER_AGENT, socket_address, tls
from devices.messages import bytes_member, int_member, text_member
from devices.protocol import (
    KEY_SIZE,
    NONCE_SIZE,
    SIGNATURE_SIZE,
    CloseCode,
    ErrorCode,
    ProtocolError,
    b64,
)


class Dropped(NetworkProblem):
    """The socket could not be opened or has ended; another one may work."""


class _DirectConnect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc  # another address could be another server


class DeviceSocket:
    """An open socket whose server has proved that it is the pinned one."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.state = ""

    async def send(self, message: dict[str, Any]) -> None:
        try:
            await self._connection.send(messages.encode(message))
        except ConnectionClosed as error:
            raise _ended(error) from error

    async def receive(self) -> dict[str, Any]:
        """The next message. Raises Revoked, Refused or Dropped when the socket ends."""
        try:
            raw = await self._connection.recv()
        except ConnectionClosed as error:
            raise _ended(error) from error
        message = _read(raw)
        if message.get("t") == "revoked":
            raise Revoked("")
        return message

    async def authenticate(self, identity: Identity) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            hello = await self.receive()
            nonce_server = _checked_hello(hello, identity)
            nonce_device = os.urandom(NONCE_SIZE)
            await self.send(_auth(identity, nonce_server, nonce_device))
            ready = await self.receive()
        _check_ready(ready, identity, nonce_server, nonce_device)
        self.state = text_member(ready, "state")
        identity.learn(login=text_member(ready, "login"), state=self.state)
        identity.learn_time(int_member(ready, "time"))


@contextlib.asynccontextmanager
async def open_socket(identity: Identity) -> AsyncIterator[DeviceSocket]:
    """A socket that is ready. Raises Dropped, Revoked, Refused or Untrusted."""
    connection = await _connected(identity.account.origin)
    try:
        socket = DeviceSocket(connection)
        await _authenticated(socket, identity)
        yield socket
    finally:
        await connection.close()


async def _authenticated(socket: DeviceSocket, identity: Identity) -> None:
    try:
        await socket.authenticate(identity)
    except (ProtocolError, TimeoutError) as error:
        raise Dropped(f"{identity.account.host} does not answer as a kAuth server.") from error


async def _connected(origin: str) -> ClientConnection:
    address = socket_address(origin, protocol.SOCKET_PATH)
    try:
        connection = await _DirectConnect(
            address,
            subprotocols=[Subprotocol(protocol.SUBPROTOCOL)],
            compression=None,
            max_size=protocol.MAX_MESSAGE,
            open_timeout=CONNECT_SECONDS,
            close_timeout=CLOSE_SECONDS,
            user_agent_header=USER_AGENT,
            ssl=tls() if address.startswith("wss:") else None,
        )
    except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
        raise Dropped(f"The socket of {origin} cannot be opened: {error}") from error
    if connection.subprotocol != protocol.SUBPROTOCOL:
        await connection.close()
        raise Dropped(f"{origin} does not speak {protocol.SUBPROTOCOL}.")
    return connection


def _checked_hello(hello: dict[str, Any], identity: Identity) -> bytes:
    if hello.get("t") != "hello" or hello.get("v") != protocol.VERSION:
        raise ProtocolError("The first message is not a greeting of this version.")
    pinned_key(bytes_member(hello, "server_key", KEY_SIZE), identity.server_id)
    return bytes_member(hello, "nonce", NONCE_SIZE)


def _auth(identity: Identity, nonce_server: bytes, nonce_device: bytes) -> dict[str, Any]:
    frame = protocol.ws_device(
        origin=identity.account.origin,
        server_id=identity.server_id,
        device=identity.account.device,
        nonce_server=nonce_server,
        nonce_device=nonce_device,
    )
    return {
        "t": "auth",
        "device": identity.account.device,
        "nonce": b64(nonce_device),
        "sig": b64(identity.sign(frame)),
    }


def _check_ready(
    ready: dict[str, Any], identity: Identity, nonce_server: bytes, nonce_device: bytes
) -> None:
    if ready.get("t") != "ready":
        raise ProtocolError("The server did not say that it is ready.")
    frame = protocol.ws_server(
        origin=identity.account.origin,
        server_id=identity.server_id,
        device=identity.account.device,
        nonce_device=nonce_device,
        nonce_server=nonce_server,
        time=int_member(ready, "time"),
    )
    if ready.get("state") not in (ACTIVE, PENDING):
        raise ProtocolError("The server says a state that is not known here.")
    if not identity.server_signed(bytes_member(ready, "sig", SIGNATURE_SIZE), frame):
        raise Untrusted("bad_server_signature: the server could not prove who it is.")


def _read(raw: str | bytes) -> dict[str, Any]:
    try:
        return messages.decode(raw)
    except ProtocolError as error:
        raise Dropped("The server sent something that is no message.") from error


def _ended(error: ConnectionClosed) -> Exception:
    code = error.rcvd.code if error.rcvd else None
    if code == CloseCode.REVOKED:
        return Revoked("")
    if code == CloseCode.NOT_AUTHENTICATED:
        return Refused(ErrorCode.UNAUTHENTICATED, "The server does not know this device.")
    return Dropped(f"The connection was closed (code {code or 1006}).")
