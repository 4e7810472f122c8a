"""Owns the secrets that a fresh installation makes for itself: one file each, one purpose each.

Knows neither Django nor the environment, and never prints or replaces a secret that exists.
"""

import os
import secrets
import stat
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# With DATABASE_URL nothing is made up on the quiet.
MAKE_ALL = "env -u DATABASE_URL .venv/bin/python manage.py check"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class SecretFileError(Exception):
    """A secret cannot be used as it is; the message says what to do."""


def _encode(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


def _secret_key() -> str:
    return secrets.token_urlsafe(48)  # 64 characters


def _key() -> str:
    return _encode(secrets.token_bytes(32))


def _field_keys() -> str:
    return f"k1:{_key()}"


def _p256_scalar() -> str:
    scalar = secrets.randbelow(P256_ORDER - 1) + 1
    return _encode(scalar.to_bytes(32, "big"))


# D-87: one secret per purpose, none derived from another.
MAKERS: dict[str, Callable[[], str]] = {
    "secret_key": _secret_key,
    "field_keys": _field_keys,
    "code_pepper": _key,
    "row_mac_key": _key,
    "audit_key": _key,
    "channel_key": _key,
    "server_key": _p256_scalar,
    "vapid_key": _p256_scalar,
}


def ensure(directory: Path) -> None:
    """Afterwards every secret exists under `directory`/keys, readable by its owner alone.

    Secrets that exist stay as they are. Processes that start at the same moment agree on one set.
    """
    keys = directory / "keys"
    for folder in (directory, keys):
        _make_private_folder(folder)
    for name, make in MAKERS.items():
        if not (keys / name).exists():
            _publish(keys / name, make())
        read(directory, name)


def read(directory: Path, name: str) -> str:
    """The secret `name`; raises SecretFileError when it is missing, empty, or not for us alone."""
    path = directory / "keys" / name
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            secret = file.read().strip()
    except FileNotFoundError:
        raise SecretFileError(
            f"{path} is missing. Restore it from your backup, or set KAUTH_{name.upper()}. "
            f"A new site makes all its secrets once: {MAKE_ALL}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SecretFileError(f"{path} cannot be read: {_reason(error)}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretFileError(f"{path} is open to other users. Close it: chmod 600 {path}")
    if not secret:
        raise SecretFileError(f"{path} is empty. Restore it from your backup.")
    return secret


def read_if_made(directory: Path, name: str) -> str:
    """The same, but empty when it is missing: for what an installation can do without."""
    return read(directory, name) if (directory / "keys" / name).exists() else ""


def replace(directory: Path, name: str) -> None:
    """Afterwards a new secret has taken the place of `name`; at no moment there is none."""
    for folder in (directory, directory / "keys"):
        _make_private_folder(folder)
    with _draft(directory / "keys" / name, MAKERS[name]()) as draft:
        draft.replace(directory / "keys" / name)


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SecretFileError(f"{folder} cannot be made: {_reason(error)}.") from None
    if folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretFileError(f"{folder} is open to other users. Close it: chmod 700 {folder}")


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else "it is not text"


def _publish(path: Path, secret: str) -> None:
    """A name never shows half a secret, and the first writer wins."""
    with _draft(path, secret) as draft, suppress(FileExistsError):
        os.link(draft, path)  # Another process that was first keeps its own.


@contextmanager
def _draft(path: Path, secret: str) -> Iterator[Path]:
    """A file beside `path`, written to the end, which goes if it is not given that name."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
