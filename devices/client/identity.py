"""Who speaks on the wire: one account with its unlocked key, and what it signs and verifies."""

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any, Final

from devices import p256, protocol
from devices.client.accounts import Account
from devices.client.errors import Revoked, Untrusted
from devices.client.terminal import short
from devices.client.wallet import Wallet
from devices.messages import Authorization, authorization_header
from devices.p256 import KeyFormatError, PrivateKey, PublicKey
from devices.protocol import unb64

_SAME_TIME: Final = 1  # seconds that the way of a message and the rounding may make


def local_time() -> int:
    return int(time.time())


class Identity:
    """Holds the private key only as long as the command runs."""

    def __init__(self, wallet: Wallet, account: Account) -> None:
        self.wallet = wallet
        self.account = account
        self.key: PrivateKey = wallet.private_key(account)

    @property
    def server_id(self) -> bytes:
        return unb64(self.account.server_id)

    def server_time(self) -> int:
        return local_time() + self.account.clock_offset

    def learn(self, **changes: Any) -> None:
        """Keeps what the server said about the account, in the store too."""
        known = {name: getattr(self.account, name) for name in changes}
        if known != changes:
            self.account = self.wallet.store.update(self.account, **changes)

    def learn_time(self, server_time: int) -> None:
        if abs(server_time - self.server_time()) > _SAME_TIME:
            self.learn(clock_offset=server_time - local_time())

    def sign(self, frame: bytes) -> bytes:
        return p256.sign(self.key, frame)

    def authorization(self, method: str, path: str, body: bytes) -> str:
        """The header that proves one HTTP call to be this device's."""
        moment, nonce = self.server_time(), os.urandom(protocol.HTTP_NONCE_SIZE)
        frame = protocol.http(
            origin=self.account.origin,
            server_id=self.server_id,
            device=self.account.device,
            method=method,
            path=path,
            body=body,
            time=moment,
            nonce=nonce,
        )
        return authorization_header(
            Authorization(self.account.device, moment, nonce, self.sign(frame))
        )

    def server_signed(self, signature: bytes, frame: bytes) -> bool:
        """Whether the server that was pinned by linking signed `frame`."""
        key = pinned_key(unb64(self.account.server_key), self.server_id)
        return p256.verify(key, signature, frame)


@contextlib.contextmanager
def forgotten_when_revoked(identity: Identity) -> Iterator[None]:
    """Removes the account here as soon as the server says that it has unlinked the device."""
    try:
        yield
    except Revoked as error:
        identity.wallet.store.remove(identity.account)
        raise Revoked(
            f"{short(identity.account.login)} on {identity.account.host}: "
            "the server has unlinked this device. It is forgotten here."
        ) from error


def pinned_key(data: bytes, server_id: bytes) -> PublicKey:
    """The server's public key, when it is the one that the link named."""
    if protocol.server_id(data) != server_id:
        raise Untrusted(
            "bad_server_key: this is not the server of the link. Nothing it said counts."
        )
    try:
        return p256.load_public(data)
    except KeyFormatError as error:
        raise Untrusted("bad_server_key: the server's key is no key.") from error
