"""Where the key of the store comes from, and that nothing opens without it (D-32)."""

import io
import json
import os
import pty
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import pytest

from devices.client.accounts import Account
from devices.client.errors import StoreProblem
from devices.client.store import Store
from devices.client.terminal import Lines, Terminal
from devices.client.vault import PASSPHRASE_VARIABLE, KeySource
from devices.client.wallet import Wallet
from devices.p256 import private_to_bytes
from devices.protocol import b64


class Secretary(Terminal):
    """A terminal at which a person answers the questions for passphrases."""

    def __init__(self, *answers: str) -> None:
        controller, typed = pty.openpty()
        self.controller = controller
        self.errors = io.StringIO()
        self.answers = list(answers)
        super().__init__(io.StringIO(), self.errors, Lines(typed))

    def ask_secret(self, text: str) -> str:
        return self.answers.pop(0)


class MemoryKeyring(keyring.backend.KeyringBackend):
    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[(service, username)] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[(service, username)]


class LockedKeyring(MemoryKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "accounts.json")


class Nobody(Terminal):
    """Standard input of a script: a pipe on which nothing comes."""

    def __init__(self) -> None:
        reading, self.writing = os.pipe()
        self.errors = io.StringIO()
        super().__init__(io.StringIO(), self.errors, Lines(reading))


@pytest.fixture
def nobody() -> Nobody:
    return Nobody()


def wallet(store: Store, terminal: Terminal, passphrase_file: Path | None = None) -> Wallet:
    return Wallet(store, store.open_vault(KeySource(terminal, store.key_file, passphrase_file)))


def new_account(of: Wallet) -> Account:
    return of.new_account(
        origin="https://auth.example.org", server_id=b"s" * 32, name="Pixel 8", now=0
    )


def secret_of(opened: Wallet, account: Account) -> bytes:
    return private_to_bytes(opened.private_key(account))


def protection(store: Store) -> Any:
    return json.loads(store.path.read_text())["protection"]["protection"]


def test_d32_a_passphrase_of_the_environment_opens_the_store(
    store: Store, nobody: Nobody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "correct horse")
    first = wallet(store, nobody)
    account = new_account(first)
    again = wallet(store, nobody)
    assert protection(store) == "passphrase"
    assert secret_of(again, account) == secret_of(first, account)


def test_d32_a_wrong_passphrase_is_said_and_loses_nothing(
    store: Store, nobody: Nobody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "correct horse")
    new_account(wallet(store, nobody))
    before = store.path.read_bytes()
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "wrong horse")
    with pytest.raises(StoreProblem, match="The passphrase is wrong"):
        wallet(store, nobody)
    assert store.path.read_bytes() == before


def test_d32_no_key_and_no_secret_stands_in_the_file(store: Store, nobody: Nobody) -> None:
    opened = wallet(store, nobody)
    account = opened.keep_totp_secret(new_account(opened), b"a secret of twenty..")
    text = store.path.read_text()
    for secret in (private_to_bytes(opened.private_key(account)), b"a secret of twenty.."):
        assert b64(secret) not in text
        assert secret.hex() not in text
    assert opened.totp_secret(account) == b"a secret of twenty.."


def test_a_passphrase_file_gives_its_first_line(
    store: Store, nobody: Nobody, tmp_path: Path
) -> None:
    file = tmp_path / "passphrase"
    file.write_text("correct horse\nmore\n")
    wallet(store, nobody, file)
    file.write_text("correct horse")
    assert wallet(store, nobody, file).store is store


@pytest.mark.parametrize("content", ["", "\nsecond line", None])
def test_a_passphrase_file_without_a_passphrase_is_refused(
    store: Store, nobody: Nobody, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "passphrase"
    if content is not None:
        file.write_text(content)
    with pytest.raises(StoreProblem, match="passphrase"):
        wallet(store, nobody, file)
    assert not store.path.exists()


def test_a_person_chooses_a_passphrase_twice_and_gives_it_again(store: Store) -> None:
    wallet(store, Secretary("", "one", "other", "correct horse", "correct horse"))
    assert protection(store) == "passphrase"
    wallet(store, Secretary("correct horse"))
    with pytest.raises(StoreProblem, match="wrong"):
        wallet(store, Secretary("correct"))


def test_a_locked_store_and_nobody_to_ask_is_said(store: Store, nobody: Nobody) -> None:
    wallet(store, Secretary("correct horse", "correct horse"))
    with pytest.raises(StoreProblem, match=PASSPHRASE_VARIABLE):
        wallet(store, nobody)


def test_a_real_keyring_keeps_the_key(store: Store, nobody: Nobody) -> None:
    kept = MemoryKeyring()
    keyring.set_keyring(kept)
    account = new_account(wallet(store, nobody))
    assert protection(store) == "keyring"
    assert len(kept.kept) == 1
    assert secret_of(wallet(store, nobody), account)
    assert not store.key_file.exists()
    kept.kept.clear()
    with pytest.raises(StoreProblem, match="keyring"):
        wallet(store, nobody)


def test_a_locked_keyring_is_passed_over(store: Store, nobody: Nobody) -> None:
    keyring.set_keyring(LockedKeyring())
    wallet(store, nobody)
    assert protection(store) == "file"


def test_the_last_resort_is_a_key_file_and_a_loud_warning(store: Store, nobody: Nobody) -> None:
    account = new_account(wallet(store, nobody))
    assert protection(store) == "file"
    assert store.key_file.stat().st_mode & 0o777 == 0o600
    warning = nobody.errors.getvalue()
    assert warning.count("WARNING") == 3
    assert str(store.key_file) in warning
    assert secret_of(wallet(store, nobody), account)
    assert nobody.errors.getvalue() == warning


@pytest.mark.parametrize("content", [b64(b"k" * 32), b64(b"k" * 31), "no key!", ""])
def test_another_key_file_does_not_open_the_store(
    store: Store, nobody: Nobody, content: str
) -> None:
    wallet(store, nobody)
    store.key_file.write_text(content)
    with pytest.raises(StoreProblem, match=r"accounts\.json\.key"):
        wallet(store, nobody)


def test_a_key_file_without_its_store_is_used_again(store: Store, nobody: Nobody) -> None:
    wallet(store, nobody)
    store.path.unlink()
    account = new_account(wallet(store, nobody))
    assert secret_of(wallet(store, nobody), account)


@pytest.mark.parametrize(
    "changes",
    [{"n": 2**40}, {"n": 3}, {"r": "8"}, {"p": 0}, {"salt": "?"}, {"salt": None}, {"p": None}],
)
def test_damaged_parameters_end_in_words(
    store: Store, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch, nobody: Nobody
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "correct horse")
    header = wallet(store, nobody)._vault.header
    with pytest.raises(StoreProblem, match="damaged"):
        KeySource(nobody, store.key_file).unlock(header | changes)


def test_a_protection_of_another_version_is_said(store: Store, nobody: Nobody) -> None:
    with pytest.raises(StoreProblem, match="not known here"):
        KeySource(nobody, store.key_file).unlock({"protection": "quantum"})


@pytest.mark.parametrize("member", ["entry", "origin", "device", "account", "server_id"])
def test_a_key_that_is_moved_to_another_entry_does_not_open(
    store: Store, nobody: Nobody, member: str
) -> None:
    opened = wallet(store, nobody)
    account = new_account(opened)
    other = b64(b"t" * 32) if member == "server_id" else "other"
    with pytest.raises(StoreProblem, match="damaged or was moved"):
        opened.private_key(store.update(account, **{member: other}))


def test_a_key_does_not_open_as_a_code_secret(store: Store, nobody: Nobody) -> None:
    opened = wallet(store, nobody)
    account = new_account(opened)
    with pytest.raises(StoreProblem):
        opened.totp_secret(store.update(account, totp=account.key))
