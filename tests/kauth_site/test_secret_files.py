"""A fresh installation makes its own secrets, once, and refuses to use any that others can read."""

import stat
from base64 import urlsafe_b64decode
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from kauth_site import secret_files

KEYS = ["code_pepper", "row_mac_key", "audit_key", "channel_key", "server_key", "vapid_key"]


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def ensure_and_read_all(directory: Path) -> dict[str, str]:
    secret_files.ensure(directory)
    return {name: secret_files.read(directory, name) for name in secret_files.MAKERS}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    secret_files.ensure(directory)
    return directory


def test_only_the_owner_can_open_the_folders_and_the_secrets(data: Path) -> None:
    keys = data / "keys"
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (data, keys)] == [0o700, 0o700]
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys.iterdir()} == {0o600}


def test_d87_every_purpose_has_a_secret_of_its_own(data: Path) -> None:
    assert {file.name for file in (data / "keys").iterdir()} == {
        "secret_key",
        "field_keys",
        "code_pepper",
        "row_mac_key",
        "audit_key",
        "channel_key",
        "server_key",
        "vapid_key",
    }
    assert len(set(ensure_and_read_all(data).values())) == 8


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_32_bytes(data: Path, name: str) -> None:
    assert len(decoded(secret_files.read(data, name))) == 32


def test_the_first_field_key_carries_its_name(data: Path) -> None:
    name, key = secret_files.read(data, "field_keys").split(":")
    assert name == "k1"
    assert len(decoded(key)) == 32


def test_the_secret_key_has_64_characters(data: Path) -> None:
    assert len(secret_files.read(data, "secret_key")) == 64


def test_the_server_key_is_a_private_scalar_of_p256(data: Path) -> None:
    scalar = int.from_bytes(decoded(secret_files.read(data, "server_key")), "big")
    assert 1 <= scalar < secret_files.P256_ORDER


def test_a_second_start_changes_nothing(data: Path) -> None:
    before = ensure_and_read_all(data)
    assert ensure_and_read_all(data) == before


def test_a_missing_secret_is_made_and_the_others_stay(data: Path) -> None:
    before = ensure_and_read_all(data)
    (data / "keys" / "row_mac_key").unlink()
    after = ensure_and_read_all(data)
    assert {name for name in after if after[name] != before[name]} == {"row_mac_key"}


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        seen = list(pool.map(ensure_and_read_all, [tmp_path / "data"] * 16))
    assert all(secrets == seen[0] for secrets in seen)
    assert len(list((tmp_path / "data" / "keys").iterdir())) == len(secret_files.MAKERS)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_secret_open_to_others_is_refused(data: Path, mode: int) -> None:
    (data / "keys" / "secret_key").chmod(mode)
    with pytest.raises(secret_files.SecretFileError, match="open to other users"):
        secret_files.ensure(data)


def test_a_data_directory_open_to_others_is_refused(data: Path) -> None:
    data.chmod(0o755)
    with pytest.raises(secret_files.SecretFileError, match="chmod 700"):
        secret_files.ensure(data)


def test_an_empty_secret_is_refused(data: Path) -> None:
    (data / "keys" / "code_pepper").write_text("\n")
    with pytest.raises(secret_files.SecretFileError, match="is empty"):
        secret_files.ensure(data)


def test_a_lost_secret_is_named(data: Path) -> None:
    (data / "keys" / "server_key").unlink()
    with pytest.raises(secret_files.SecretFileError, match="server_key is missing"):
        secret_files.read(data, "server_key")


def test_a_secret_that_is_replaced_is_another_one_and_leaves_no_draft(data: Path) -> None:
    before = secret_files.read(data, "vapid_key")
    secret_files.replace(data, "vapid_key")
    assert secret_files.read(data, "vapid_key") != before
    assert {file.name for file in (data / "keys").iterdir()} == set(secret_files.MAKERS)


def test_what_an_installation_can_do_without_may_be_missing(data: Path) -> None:
    (data / "keys" / "vapid_key").unlink()
    assert secret_files.read_if_made(data, "vapid_key") == ""
