"""Every program of the full mode says in a sentence why it cannot start, and shows no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {
    "celery": ["celery", "-A", "kauth_site", "worker"],
    "beat": ["celery", "-A", "kauth_site", "beat"],
    "daphne": ["daphne", "kauth_site.asgi:application"],
    "gunicorn": ["gunicorn", "--config", "deploy/gunicorn.py", "--bind", "127.0.0.1:0"],
}

# What a worker does when it starts, and every task that it then would do.
TASKS = (
    "from kauth_site.celery import app; app.loader.import_default_modules();"
    "print(*(name for name in app.tasks if not name.startswith('celery.')))"
)


def unnamed() -> dict[str, str]:
    """The environment of a program that finds the settings by itself, as servers start it."""
    return {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


def test_a_worker_finds_every_task_by_itself() -> None:
    said = subprocess.check_output(
        [sys.executable, "-c", TASKS], cwd=ROOT, env=unnamed(), text=True, timeout=60
    )
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert set(said.split()) >= scheduled | {"devices.tasks.wake", "accounts.tasks.send_notice"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_start_without_secrets_ends_in_one_sentence(program: str, tmp_path: Path) -> None:
    environment = unnamed() | {
        "DATABASE_URL": "postgres://kauth@127.0.0.1:1/kauth",
        "KAUTH_DATA_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", *PROGRAMS[program]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "kAuth cannot start. " in done.stderr
    assert "secret_key is missing. Restore it from your backup, or set" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
