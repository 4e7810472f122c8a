"""The file that holds the linked accounts: mode 0600, written whole, by one process at a time."""

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from devices.client.accounts import CLAIMING, Account, account_from_json
from devices.client.errors import StoreProblem
from devices.client.vault import Header, KeySource, Vault

STORE_VARIABLE: Final = "KAUTH_STORE"
_FORMAT: Final = 1
_OFFER_LIFETIME: Final = 300
_OTHERS: Final = 0o077


def default_path() -> Path:
    if os.environ.get(STORE_VARIABLE):
        return Path(os.environ[STORE_VARIABLE])
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "kauth" / "accounts.json"


@dataclass
class Contents:
    """The file as it is read and written."""

    header: Header = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)


class Store:
    """Reads without a lock, because a file is replaced whole; changes under one."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.key_file = self.path.with_name(self.path.name + ".key")
        self._lock_file = self.path.with_name(self.path.name + ".lock")

    def read(self) -> Contents:
        try:
            with self.path.open(encoding="utf-8") as file:
                if os.fstat(file.fileno()).st_mode & _OTHERS:
                    os.fchmod(file.fileno(), 0o600)
                return self._parsed(file.read())
        except FileNotFoundError:
            return Contents()
        except OSError as error:
            raise StoreProblem(f"The store {self.path} cannot be read: {error}.") from error
        except UnicodeDecodeError as error:
            raise StoreProblem(self._damaged()) from error

    @contextlib.contextmanager
    def change(self) -> Iterator[Contents]:
        """The contents, to be changed in place; they are written when the block ends well."""
        try:
            _make_private_directory(self.path.parent)
            with self._locked():
                contents = self.read()
                yield contents
                self._write(contents)
        except OSError as error:
            raise StoreProblem(f"The store {self.path} cannot be written: {error}.") from error

    def open_vault(self, source: KeySource) -> Vault:
        header = self.read().header
        if header:
            return source.unlock(header)
        with self.change() as contents:
            if not contents.header:
                vault = source.create()
                contents.header = vault.header
                return vault
        # Another process made the store meanwhile.
        return source.unlock(contents.header)

    def put(self, account: Account) -> Account:
        """Adds the account, or replaces the entry of the same name."""
        with self.change() as contents:
            others = [other for other in contents.accounts if other.entry != account.entry]
            contents.accounts = [*others, account]
        return account

    def update(self, account: Account, /, **changes: Any) -> Account:
        """Changes these members of the entry as it stands in the file now."""
        changed = replace(account, **changes)
        with self.change() as contents:
            contents.accounts = [
                replace(other, **changes) if other.entry == account.entry else other
                for other in contents.accounts
            ]
        return changed

    def remove(self, account: Account) -> None:
        with self.change() as contents:
            contents.accounts = [
                other for other in contents.accounts if other.entry != account.entry
            ]

    def remove_abandoned_claims(self, now: int) -> None:
        """Entries of claims whose offer is over: their program was stopped in the middle."""
        with self.change() as contents:
            contents.accounts = [
                account
                for account in contents.accounts
                if account.state != CLAIMING or account.created > now - _OFFER_LIFETIME
            ]

    def _parsed(self, text: str) -> Contents:
        try:
            data = json.loads(text)
            if data["format"] != _FORMAT:
                raise StoreProblem(f"A newer version of this program wrote {self.path}. Update.")
            accounts = [account_from_json(entry) for entry in data["accounts"]]
            return Contents(header=dict(data["protection"]), accounts=accounts)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StoreProblem(self._damaged()) from error

    def _damaged(self) -> str:
        return f"The store {self.path} is damaged. It was left as it is."

    def _write(self, contents: Contents) -> None:
        data = {
            "format": _FORMAT,
            "protection": contents.header,
            "accounts": [account.as_json() for account in contents.accounts],
        }
        # mkstemp: mode 0600 under any umask, and never an existing file or link.
        descriptor, temporary = tempfile.mkstemp(prefix=".kauth-", dir=self.path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self.path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_directory(self.path.parent)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        descriptor = os.open(self._lock_file, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _make_private_directory(directory: Path) -> None:
    """Makes what is missing of `directory`, for its owner only; leaves alone what is there."""
    for missing in reversed([directory, *directory.parents]):
        with contextlib.suppress(FileExistsError):
            missing.mkdir(mode=0o700)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
