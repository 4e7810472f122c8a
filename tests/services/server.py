"""The real server, started as `make run` starts it, for journeys through HTTP and sockets alone."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from kauth_site import secret_files
from tests.services import processes

ROOT = Path(__file__).resolve().parents[2]
OURS = ("KAUTH_", "DATABASE_URL", "REDIS_URL", "PORT")

# Where the static files stand already; a server that finds them there starts in half the time.
collected: Path | None = None


class ServerProcess:
    """`manage.py serve` with a data directory of its own. Use `running` to start and stop it."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.port = processes.free_port()
        self.origin = f"http://localhost:{self.port}"
        self.log = folder / "server.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            "KAUTH_DATA_DIR": str(folder / "data"),
            "KAUTH_SIGNUP": "open",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            **settings,
        }

        secret_files.ensure(folder / "data")  # with DATABASE_URL the server makes none itself

    def start(self) -> None:
        """Returns when the server answers."""
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port)]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--no-demo-account"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        processes.wait_until(self.is_healthy, self.process, self.log)

    def stop(self) -> None:
        """Ends the server as Ctrl-C or a service manager would, and insists on a clean end."""
        code = processes.stop(self.process, signal.SIGTERM)
        assert code == 0, f"the server ended with {code}:\n{self.output()}"

    def is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.origin}/healthz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def output(self) -> str:
        """Everything the server has printed so far: its log, and the mail it sent."""
        return self.log.read_text(errors="replace")

    def wait_for_output(self, text: str, seconds: float = 10) -> str:
        deadline = time.monotonic() + seconds
        while text not in self.output():
            assert time.monotonic() < deadline, f"{text!r} never came:\n{self.output()}"
            time.sleep(0.05)
        return self.output()

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """A look at the embedded database, or a change there behind the server's back."""
        with closing(sqlite3.connect(self.folder / "data" / "kauth.sqlite3", timeout=20)) as file:
            rows = file.execute(statement, values).fetchall()
            file.commit()
            return rows

    def manage(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a management command beside the server, as its administrator would."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@contextmanager
def running(**settings: str) -> Iterator[ServerProcess]:
    """A server that answers; `settings` are environment variables that it gets on top."""
    with processes.private_folder() as folder:
        server = ServerProcess(folder, settings)
        if collected is not None:
            (folder / "data" / "static").symlink_to(collected)
        server.start()
        try:
            yield server
        finally:
            server.stop()
