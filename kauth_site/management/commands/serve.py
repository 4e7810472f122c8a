"""`manage.py serve`: prepares what is missing, then serves the whole site from this process."""

import fcntl
import hashlib
import secrets
import socket
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User

DEMO_LOGIN = "demo@example.org"
NO_CAMERA = (
    "  The app's camera cannot be used: the QR decoder is not installed. Links can be pasted.",
    "  make run  installs it when npm has a network.",
)


class Command(BaseCommand):
    help = "Serves kAuth from one process: database, static files and expiry included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--listen", default="127.0.0.1", help="address to listen on")
        parser.add_argument(
            "--no-demo-account", action="store_true", help="make no account on the first start"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _check_port(options["listen"], options["port"])
        with _alone():
            call_command("migrate", verbosity=0)
            collect_static()
            account = None if options["no_demo_account"] else _demo_account()
        # Imported late: it starts Twisted, which the other commands have no use for.
        from kauth_site import server  # noqa: PLC0415
        from kauth_site.asgi import application  # noqa: PLC0415

        server.run(
            application,
            listen=options["listen"],
            port=options["port"],
            ready=lambda: self._greet(account),
        )
        self.stdout.write("\nkAuth has stopped.")

    def _greet(self, account: tuple[str, str] | None) -> None:
        origin = settings.KAUTH_ORIGIN
        lines = ["", f"  kAuth is ready:  {origin}"]
        if account is not None:
            lines += ["", f"  Login ID:        {account[0]}", f"  Password:        {account[1]}"]
        if not settings.KAUTH_QR_DECODER:
            lines += ["", *NO_CAMERA]
        lines += [
            "",
            "  1. Log in there, open 2FA, press Enable, choose kAuth app, press Next.",
            "  2. Copy the link below the QR and link this terminal's device with it:",
            "     .venv/bin/python -m devices.client link 'THE LINK'",
            "  3. Start it with  .venv/bin/python -m devices.client listen,",
            "     log out, log in again, and answer y.",
            "",
            "  Ctrl-C stops the server.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def collect_static() -> None:
    """Collects only when a source changed, so that a second start takes no time."""
    stamp = settings.STATIC_ROOT / ".collected"
    now = _fingerprint()
    if not (stamp.exists() and stamp.read_text() == now):
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(now)


def _check_port(listen: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {listen} cannot be used ({error.strerror}). "
                f"Choose another one: PORT={port + 1} make run"
            ) from error


@contextmanager
def _alone() -> Iterator[None]:
    """Servers of one data directory prepare it one after the other, and each finds it whole."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.DATA_DIR / ".preparing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint() -> str:
    """Changes when any static file does."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _demo_account() -> tuple[str, str] | None:
    """Login ID and password of the account to try things with, made when there is no other.

    Its password is random and kept in the data directory, readable by its owner alone, so that
    the next start can say it again.
    """
    note = settings.DATA_DIR / "demo-account"
    if not User.objects.exists():
        password = "-".join(secrets.token_hex(2) for _ in range(5))
        User.objects.create_user(DEMO_LOGIN, password)
        note.touch(mode=0o600)
        note.write_text(f"{DEMO_LOGIN} {password}\n")
    if not note.exists():
        return None
    login_id, password = note.read_text().split()
    return login_id, password
