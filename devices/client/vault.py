"""The key that encrypts the secrets in the store, and where it comes from (D-32).

It never touches the disk in the clear, except as the key file that is the last resort of a program
with neither a passphrase nor a keyring nor a person; that is said loudly.
"""

import importlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from devices.client.errors import StoreProblem
from devices.client.terminal import Terminal
from devices.protocol import ProtocolError, b64, unb64

Header = dict[str, Any]
PASSPHRASE_VARIABLE: Final = "KAUTH_PASSPHRASE"  # noqa: S105, the name of a variable
_KEYRING_SERVICE: Final = "kAuth"
_REAL_KEYRING: Final = 1  # the priority from which `keyring` recommends a backend
_KEY_SIZE: Final = 32
_NONCE_SIZE: Final = 12
_SCRYPT: Final = {"n": 2**17, "r": 8, "p": 1}  # 128 MiB and about half a second
_SCRYPT_MOST: Final = {"n": 2**20, "r": 32, "p": 16}
_CHECKED: Final = b"kauth store"


class Vault:
    """Seals and opens secrets. Each is bound to its purpose: moved elsewhere, it does not open."""

    def __init__(self, key: bytes, header: Header) -> None:
        self._cipher = AESGCM(key)
        self.header = header

    def seal(self, secret: bytes, bound_to: bytes) -> str:
        nonce = os.urandom(_NONCE_SIZE)
        return b64(nonce + self._cipher.encrypt(nonce, secret, bound_to))

    def open(self, sealed: str, bound_to: bytes) -> bytes:
        try:
            data = unb64(sealed)
            return self._cipher.decrypt(data[:_NONCE_SIZE], data[_NONCE_SIZE:], bound_to)
        except (InvalidTag, ProtocolError, ValueError) as error:
            raise StoreProblem("A secret in the store is damaged or was moved there.") from error


@dataclass(frozen=True)
class KeySource:
    """Where the key may come from on this machine, in this order of preference."""

    terminal: Terminal
    key_file: Path
    passphrase_file: Path | None = None

    def create(self) -> Vault:
        """A new vault. To be called under the store's lock: it may write the key file."""
        passphrase = self._given_passphrase()
        if passphrase is not None:
            return _sealed_header(*_new_passphrase_key(passphrase))
        in_keyring = _new_keyring_key()
        if in_keyring is not None:
            return _sealed_header(*in_keyring)
        if self.terminal.has_person:
            return _sealed_header(*_new_passphrase_key(self._choose_passphrase()))
        self._warn_of_key_file()
        return _sealed_header(*self._new_key_file())

    def unlock(self, header: Header) -> Vault:
        """The vault that `header` describes; StoreProblem when this key does not open it."""
        keys: dict[Any, Callable[[Header], tuple[bytes, str]]] = {
            "passphrase": self._passphrase_key,
            "keyring": _keyring_key,
            "file": self._file_key,
        }
        kind = keys.get(header.get("protection"))
        if kind is None:
            raise StoreProblem("The store is protected in a way that is not known here.")
        key, complaint = kind(header)
        vault = Vault(key, header)
        try:
            vault.open(header["check"], _header_bytes(header))
        except (StoreProblem, KeyError) as error:
            raise StoreProblem(complaint) from error
        return vault

    def _given_passphrase(self) -> str | None:
        if self.passphrase_file is not None:
            return _first_line(self.passphrase_file)
        return os.environ.get(PASSPHRASE_VARIABLE) or None

    def _choose_passphrase(self) -> str:
        self.terminal.warn("Choose a passphrase. It encrypts this device's keys on this computer.")
        while True:
            passphrase = self.terminal.ask_secret("New passphrase:")
            if not passphrase:
                self.terminal.warn("An empty passphrase protects nothing.")
            elif passphrase == self.terminal.ask_secret("The same once more:"):
                return passphrase
            else:
                self.terminal.warn("The two are not the same.")

    def _passphrase_key(self, header: Header) -> tuple[bytes, str]:
        passphrase = self._given_passphrase()
        if passphrase is None and self.terminal.has_person:
            passphrase = self.terminal.ask_secret("Passphrase of the kAuth store:")
        if passphrase is None:
            raise StoreProblem(
                f"The store needs its passphrase: set {PASSPHRASE_VARIABLE} or use "
                "--passphrase-file."
            )
        return _scrypt(passphrase, header), "The passphrase is wrong. Nothing was changed."

    def _new_key_file(self) -> tuple[bytes, Header]:
        try:
            descriptor = os.open(self.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # its store was removed, or was never written
            return self._file_key({})[0], {"protection": "file"}
        key = secrets.token_bytes(_KEY_SIZE)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(b64(key))
            file.flush()
            os.fsync(file.fileno())
        return key, {"protection": "file"}

    def _warn_of_key_file(self) -> None:
        warn = self.terminal.warn
        warn("WARNING: the keys of this device are NOT protected by a passphrase or a keyring.")
        warn(f"WARNING: whoever can read {self.key_file} can approve sign-ins as you.")
        warn(f"WARNING: set {PASSPHRASE_VARIABLE} before you link, where this matters.")

    def _file_key(self, header: Header) -> tuple[bytes, str]:
        complaint = f"{self.key_file} does not open this store."
        try:
            key = unb64(self.key_file.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise StoreProblem(f"The key file {self.key_file} cannot be read.") from error
        if len(key) != _KEY_SIZE:
            raise StoreProblem(complaint)
        return key, complaint


def _header_bytes(header: Header) -> bytes:
    shown = {name: value for name, value in header.items() if name != "check"}
    return _CHECKED + json.dumps(shown, sort_keys=True).encode()


def _sealed_header(key: bytes, header: Header) -> Vault:
    """The vault with a header that lets a wrong key be told from a damaged secret."""
    vault = Vault(key, header)
    header["check"] = vault.seal(_CHECKED, _header_bytes(header))
    return vault


def _first_line(path: Path) -> str:
    try:
        line = path.read_text(encoding="utf-8").partition("\n")[0].removesuffix("\r")
    except (OSError, ValueError) as error:
        raise StoreProblem(f"The passphrase file {path} cannot be read.") from error
    if not line:
        raise StoreProblem(f"The first line of {path} is empty.")
    return line


def _new_passphrase_key(passphrase: str) -> tuple[bytes, Header]:
    header: Header = {"protection": "passphrase", "salt": b64(os.urandom(16)), **_SCRYPT}
    return _scrypt(passphrase, header), header


def _scrypt(passphrase: str, header: Header) -> bytes:
    complaint = "The store is damaged: its passphrase parameters cannot be used."
    cost = {name: header.get(name, 0) for name in _SCRYPT}
    try:
        # Bounded: a damaged header must end in a message, not in all memory.
        if any(cost[name] > most for name, most in _SCRYPT_MOST.items()):
            raise StoreProblem(complaint)
        kdf = Scrypt(salt=unb64(header["salt"]), length=_KEY_SIZE, **cost)
        return kdf.derive(passphrase.encode())
    except (KeyError, ValueError, TypeError) as error:
        raise StoreProblem(complaint) from error


def _keyring() -> Any | None:
    """The `keyring` package, when it is installed and this machine has a real keyring."""
    try:
        package = importlib.import_module("keyring")
        usable = package.get_keyring().priority >= _REAL_KEYRING
    except (ImportError, RuntimeError, AttributeError):  # none, or one that cannot work here
        return None
    return package if usable else None


def _new_keyring_key() -> tuple[bytes, Header] | None:
    keyring = _keyring()
    if keyring is None:
        return None
    key, entry = secrets.token_bytes(_KEY_SIZE), secrets.token_hex(16)
    try:
        keyring.set_password(_KEYRING_SERVICE, entry, b64(key))
        kept = keyring.get_password(_KEYRING_SERVICE, entry)
    except keyring.errors.KeyringError:  # locked, and nobody opened it
        return None
    return (key, {"protection": "keyring", "entry": entry}) if kept == b64(key) else None


def _keyring_key(header: Header) -> tuple[bytes, str]:
    complaint = "The key of this store is not in the keyring of this session."
    keyring = _keyring()
    if keyring is None:
        raise StoreProblem(complaint)
    try:
        key = unb64(keyring.get_password(_KEYRING_SERVICE, str(header.get("entry"))) or "")
    except (keyring.errors.KeyringError, ProtocolError) as error:
        raise StoreProblem(complaint) from error
    if len(key) != _KEY_SIZE:
        raise StoreProblem(complaint)
    return key, complaint
