"""`manage.py vapid_keys`."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from devices import p256
from devices.protocol import b64, unb64
from kauth_site import secret_files


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return settings.DATA_DIR


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("vapid_keys", *arguments, stdout=output)
    return output.getvalue().strip()


def test_it_makes_a_key_and_prints_its_public_half(data: Path) -> None:
    printed = run()
    private = p256.private_from_bytes(unb64(secret_files.read(data, "vapid_key")))
    assert printed == b64(p256.public_bytes(private))


def test_a_key_that_exists_stays(data: Path) -> None:
    run()
    before = secret_files.read(data, "vapid_key")
    with pytest.raises(CommandError, match="--force"):
        run()
    assert secret_files.read(data, "vapid_key") == before


def test_with_force_another_one_takes_its_place(data: Path) -> None:
    assert run() != run("--force")
