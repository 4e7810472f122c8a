"""The settings as another environment would make them, read afresh from their file."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kauth_site import secret_files, settings

Configure = Callable[..., dict[str, Any]]

PRODUCTION = {
    "KAUTH_ORIGIN": "https://auth.example.org",
    "DATABASE_URL": "postgres://kauth:password@db.example.org/kauth",
    "REDIS_URL": "rediss://:password@redis.example.org/0",
    "KAUTH_EMAIL_HOST": "mail.example.org",
}


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Configure:
    """Returns the settings under these environment variables and no others of ours."""

    def read(*, secrets: bool = True, **environment: str) -> dict[str, Any]:
        for name in ("DATABASE_URL", "REDIS_URL", "PORT", "KAUTH_PASSWORD_HASH_MEMORY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("KAUTH_DATA_DIR", str(tmp_path / "data"))
        if secrets:
            secret_files.ensure(tmp_path / "data")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(settings.__file__)

    return read
