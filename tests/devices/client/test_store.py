"""The file of the accounts: for its owner only, whole, and shared by processes (D-32)."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devices.client.accounts import Account
from devices.client.errors import StoreProblem
from devices.client.store import Store, default_path
from devices.protocol import b64

ROOT = Path(__file__).resolve().parents[3]
GOOD = {"format": 1, "protection": {}, "accounts": []}


def account(entry: str, **changes: str) -> Account:
    facts = {"origin": "https://auth.example.org", "server_id": b64(b"s" * 32), "name": "Pixel 8"}
    return Account(entry=entry, created=0, **(facts | changes))  # type: ignore[arg-type]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a" / "b" / "accounts.json")


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_d32_files_and_folders_are_the_owners_alone_under_any_umask(store: Store) -> None:
    store.put(account("one"))
    assert [mode(store.path.parent), mode(store.path.parent.parent)] == [0o700, 0o700]
    assert {mode(path) for path in store.path.parent.iterdir()} == {0o600}


def test_d32_a_file_that_others_could_read_is_closed_when_it_is_read(store: Store) -> None:
    store.put(account("one"))
    store.path.chmod(0o644)
    store.read()
    assert mode(store.path) == 0o600


def test_a_folder_that_was_there_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Store(tmp_path / "accounts.json").put(account("one"))
    assert mode(tmp_path) == 0o755


def test_accounts_are_put_changed_and_removed(store: Store) -> None:
    one, two = store.put(account("one")), store.put(account("two"))
    changed = store.update(one, login="alice")
    assert changed.login == "alice"
    assert [entry.login for entry in store.read().accounts] == ["alice", ""]
    store.put(account("two", name="Laptop"))
    assert [entry.name for entry in store.read().accounts] == ["Pixel 8", "Laptop"]
    store.remove(two)
    assert store.read().accounts == [changed]


def test_a_change_does_not_bring_back_what_another_process_removed(store: Store) -> None:
    one = store.put(account("one"))
    store.remove(one)
    store.update(one, login="alice")
    assert store.read().accounts == []


def test_a_change_that_fails_leaves_the_file_and_no_litter(store: Store) -> None:
    store.put(account("one"))
    before = store.path.read_bytes()

    def spoil() -> None:
        with store.change() as contents:
            contents.header["salt"] = b"bytes are not JSON"

    with pytest.raises(TypeError):
        spoil()
    assert store.path.read_bytes() == before
    assert [path.name for path in store.path.parent.glob(".kauth-*")] == []


def test_writers_in_one_process_lose_nothing(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.put(account(f"{number}")), range(24)))
    assert len(store.read().accounts) == 24


WRITER = """
import sys
from pathlib import Path
from devices.client.accounts import Account
from devices.client.store import Store
store, name = Store(Path(sys.argv[1])), sys.argv[2]
for number in range(10):
    entry = name + str(number)
    store.put(Account(entry=entry, origin="https://a", server_id="", name="", created=0))
"""


def test_writers_in_several_processes_lose_nothing(store: Store) -> None:
    command = [sys.executable, "-c", WRITER, str(store.path)]
    writers = [subprocess.Popen([*command, name], cwd=ROOT) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    assert len(store.read().accounts) == 40


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        json.dumps({**GOOD, "format": 2}).encode(),
        json.dumps({**GOOD, "accounts": [7]}).encode(),
        json.dumps({**GOOD, "accounts": [{}]}).encode(),
        json.dumps({**GOOD, "accounts": [{"entry": 7}]}).encode(),
        json.dumps({**GOOD, "protection": 7}).encode(),
        b"[" * 100_000,
    ],
)
def test_a_damaged_store_is_said_and_left_as_it_is(store: Store, content: bytes) -> None:
    store.put(account("one"))
    store.path.write_bytes(content)
    with pytest.raises(StoreProblem, match=r"accounts\.json"):
        store.put(account("two"))
    assert store.path.read_bytes() == content


def test_members_of_a_later_version_are_no_hindrance(store: Store) -> None:
    store.put(account("one"))
    data = json.loads(store.path.read_text())
    data["accounts"][0]["colour"] = "blue"
    store.path.write_text(json.dumps(data))
    assert store.read().accounts == [account("one")]


def test_a_store_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="cannot be read"):
        Store(tmp_path).read()


def test_the_lock_follows_no_link(store: Store, tmp_path: Path) -> None:
    store.put(account("one"))
    lock = store.path.with_name("accounts.json.lock")
    lock.unlink()
    lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreProblem, match="cannot be written"):
        store.put(account("two"))
    assert not (tmp_path / "elsewhere").exists()


def test_the_store_lies_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert default_path() == tmp_path / ".local" / "share" / "kauth" / "accounts.json"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert default_path() == tmp_path / "data" / "kauth" / "accounts.json"
    monkeypatch.setenv("KAUTH_STORE", str(tmp_path / "mine.json"))
    assert default_path() == tmp_path / "mine.json"
