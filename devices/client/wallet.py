"""The store together with the vault that opens it: the device's private keys and code secrets."""

import secrets
from dataclasses import replace
from typing import Any

from devices import p256
from devices.client.accounts import Account
from devices.client.errors import StoreProblem
from devices.client.store import Store
from devices.client.vault import Vault
from devices.p256 import KeyFormatError, PrivateKey
from devices.protocol import b64

_PROBE = b"kauth/v1/store-probe"


class Wallet:
    def __init__(self, store: Store, vault: Vault) -> None:
        self.store = store
        self._vault = vault

    def new_account(self, *, origin: str, server_id: bytes, name: str, now: int) -> Account:
        """An entry with a fresh key that was stored, read back and used (protocol, section 3.3)."""
        key = p256.generate()
        entry = Account(
            entry=secrets.token_hex(16),
            origin=origin,
            server_id=b64(server_id),
            name=name,
            created=now,
        )
        self.store.remove_abandoned_claims(now)
        self.store.put(self._with_key(entry, key))
        stored = next(a for a in self.store.read().accounts if a.entry == entry.entry)
        signature = p256.sign(self.private_key(stored), _PROBE)
        if not p256.verify(key.public_key(), signature, _PROBE):
            raise StoreProblem("The store does not give back the key that was put into it.")
        return stored

    def claimed(self, entry: Account, **facts: Any) -> Account:
        """The entry with what the server said; its key is bound to the device's id from now on."""
        key = self.private_key(entry)
        return self.store.put(self._with_key(replace(entry, **facts), key))

    def private_key(self, account: Account) -> PrivateKey:
        try:
            return p256.private_from_bytes(self._vault.open(account.key, account.binding("key")))
        except KeyFormatError as error:
            raise StoreProblem("A key in the store is damaged.") from error

    def totp_secret(self, account: Account) -> bytes:
        return self._vault.open(account.totp, account.binding("totp"))

    def keep_totp_secret(self, account: Account, secret: bytes) -> Account:
        return self.store.update(account, totp=self._vault.seal(secret, account.binding("totp")))

    def _with_key(self, account: Account, key: PrivateKey) -> Account:
        sealed = self._vault.seal(p256.private_to_bytes(key), account.binding("key"))
        return replace(account, key=sealed)
