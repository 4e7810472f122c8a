"""Linking: claims the offer of a link, waits for the computer's yes, fetches the secrets."""

import asyncio
import contextlib
import os
import re
from typing import Any, Final

from devices import protocol
from devices.client import provisioning
from devices.client.accounts import ACTIVE, PENDING, Account
from devices.client.calls import Calls
from devices.client.errors import (
    ClientError,
    NetworkProblem,
    NotConfirmed,
    Refused,
    Revoked,
    Untrusted,
)
from devices.client.identity import (
    Identity,
    forgotten_when_revoked,
    local_time,
    pinned_key,
)
from devices.client.sockets import DeviceSocket, Dropped, open_socket
from devices.client.terminal import Terminal, short
from devices.client.waits import Waits
from devices.client.wallet import Wallet
from devices.messages import bytes_member, text_member
from devices.p256 import public_bytes, verify
from devices.protocol import (
    KEY_SIZE,
    NONCE_SIZE,
    SIGNATURE_SIZE,
    ErrorCode,
    Link,
    ProtocolError,
    b64,
)

PLATFORM: Final = "cli"
_RECHECK_SECONDS: Final = 15
_OFFER_SECONDS: Final = 330  # 300 s and the way there and back
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Linking:
    """One offer, from the claim to the end."""

    def __init__(self, *, link: Link, wallet: Wallet, calls: Calls, terminal: Terminal) -> None:
        self._link = link
        self._wallet = wallet
        self._calls = calls
        self._terminal = terminal
        self._nonce = os.urandom(NONCE_SIZE)

    async def run(self, *, name: str, wait: bool, waits: Waits) -> None:
        """Links and provisions. NotConfirmed, with nothing left here, when the computer says no."""
        identity = await self._claim(name)
        say = self._terminal.say
        if identity.account.state == PENDING:
            say("On the computer: does it show the same number? Then press")
            say('"Yes, this is my device" there.')
        if identity.account.state == PENDING and not wait:
            say("Not waiting. Run listen after the computer's yes to complete the linking.")
            return
        if identity.account.state == PENDING:
            await self._confirmed(identity, waits)
        with forgotten_when_revoked(identity):
            await provisioning.complete(identity, self._calls, self._terminal)
        say(f"Linked {identity.account.title} as {short(identity.account.name)}")

    # The claim

    async def _claim(self, name: str) -> Identity:
        """A pinned, stored account. Nothing is left in the store when it does not come to that."""
        entry = self._wallet.new_account(
            origin=self._link.origin, server_id=self._link.server_id, name=name, now=local_time()
        )
        try:
            identity = Identity(self._wallet, entry)
            answer = await self._calls.claim(self._claim_body(identity))
            account = self._accepted(identity, answer)
        except (ClientError, ProtocolError) as error:
            self._wallet.store.remove(entry)
            if isinstance(error, ProtocolError):
                raise Untrusted(f"bad_claim_answer: {error}") from error
            raise
        self._show(account, self._check_number(identity, answer))
        return Identity(self._wallet, account)

    def _offer(self, identity: Identity) -> dict[str, Any]:
        """The fields that every frame of this linking begins with."""
        return {
            "origin": self._link.origin,
            "server_id": self._link.server_id,
            "token_hash": protocol.sha256(self._link.token),
            "key": public_bytes(identity.key),
            "nonce_device": self._nonce,
        }

    def _claim_body(self, identity: Identity) -> dict[str, Any]:
        name = identity.account.name
        frame = protocol.link_device(**self._offer(identity), name=name)
        return {
            "v": protocol.VERSION,
            "token": b64(self._link.token),
            "key": b64(public_bytes(identity.key)),
            "name": name,
            "platform": PLATFORM,
            "nonce": b64(self._nonce),
            "sig": b64(identity.sign(frame)),
        }

    def _accepted(self, identity: Identity, answer: dict[str, Any]) -> Account:
        """Believes the answer only when the server that the link names has signed it."""
        server_key = bytes_member(answer, "server_key", KEY_SIZE)
        device, account = _uuid_member(answer, "device"), _uuid_member(answer, "account")
        frame = protocol.link_server(
            **self._offer(identity),
            device=device,
            account=account,
            nonce_server=bytes_member(answer, "nonce", NONCE_SIZE),
        )
        signature = bytes_member(answer, "sig", SIGNATURE_SIZE)
        if not verify(pinned_key(server_key, self._link.server_id), signature, frame):
            raise Untrusted("bad_server_signature: the server could not prove who it is.")
        if answer.get("state") not in (ACTIVE, PENDING):
            raise ProtocolError("The server says a state that is not known here.")
        return self._wallet.claimed(
            identity.account,
            device=device,
            account=account,
            login=text_member(answer, "login"),
            state=answer["state"],
            server_key=b64(server_key),
        )

    def _check_number(self, identity: Identity, answer: dict[str, Any]) -> str:
        nonce_server = bytes_member(answer, "nonce", NONCE_SIZE)
        return protocol.check_number(
            protocol.link_check(**self._offer(identity), nonce_server=nonce_server)
        )

    def _show(self, account: Account, number: str) -> None:
        self._terminal.say(f"Linking {short(account.login)} on {account.host}")
        self._terminal.say(f"Check number {number[:3]} {number[3:]} ({number})")

    # The computer's word

    async def _confirmed(self, identity: Identity, waits: Waits) -> None:
        """Returns when the computer has said yes."""
        try:
            while identity.account.state == PENDING:
                await self._watch(identity)
                if identity.account.state == PENDING:
                    await waits.spend(lambda: self._is_active(identity))
        except (Revoked, Refused) as error:
            if isinstance(error, Refused) and error.code != ErrorCode.UNAUTHENTICATED:
                raise
            self._wallet.store.remove(identity.account)
            raise NotConfirmed(
                "The computer said no, or the offer ended. Nothing is linked here."
            ) from error

    async def _watch(self, identity: Identity) -> None:
        """Listens until the socket tells the end, or cannot."""
        with contextlib.suppress(Dropped):
            async with open_socket(identity) as socket:
                while identity.account.state == PENDING:
                    await self._next_word(socket, identity)

    async def _next_word(self, socket: DeviceSocket, identity: Identity) -> None:
        try:
            async with asyncio.timeout(_RECHECK_SECONDS):
                message = await socket.receive()
        except TimeoutError:  # a lost word must not leave both sides waiting
            await self._is_active(identity)
            return
        if message.get("t") == "active":
            identity.learn(state=ACTIVE)

    async def _is_active(self, identity: Identity) -> bool:
        """Asks without a socket. Gives up on an unreachable server only when the offer is over."""
        try:
            answer = await self._calls.signed(identity, "GET", "/device/v1/device")
        except NetworkProblem:
            if local_time() > identity.account.created + _OFFER_SECONDS:
                raise
            return False
        if answer.get("state") == ACTIVE:
            identity.learn(state=ACTIVE)
        return identity.account.state == ACTIVE


def _uuid_member(message: dict[str, Any], name: str) -> str:
    value = text_member(message, name)
    if not _UUID.fullmatch(value):
        raise ProtocolError(f"The member {name} is no lower-case UUID.")
    return value
