"""A private PostgreSQL that keeps nothing: no sync to disk, no network beyond this machine."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import processes

# Speed for durability: the data is gone after the run anyway.
_SPEED = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


def program(name: str = "postgres") -> str:
    return processes.find(name, package="postgresql", also_in="/usr/lib/postgresql/*/bin")


def _owner() -> str | None:
    """PostgreSQL refuses to run as root: root lends it another account."""
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in accounts else "nobody"


def _make_cluster(folder: Path, owner: str | None) -> None:
    command = [program("initdb"), "-D", "data", "-U", "kauth", "--no-sync", "-E", "UTF8"]
    command += ["--locale=C.UTF-8", "--auth=trust"]
    subprocess.run(command, cwd=folder, user=owner, check=True, capture_output=True)


@contextmanager
def running() -> Iterator[str]:
    """The address of an empty database; raises MissingProgramError without PostgreSQL."""
    server, owner = program(), _owner()
    with processes.private_folder(owner) as folder:
        _make_cluster(folder, owner)
        port, log = processes.free_port(), folder / "log"
        command = [server, "-D", "data", "-p", str(port), "-k", str(folder), *_SPEED]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=folder, user=owner, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            processes.wait_until(lambda: _accepts(port), process, log)
            yield f"postgres://kauth@127.0.0.1:{port}/postgres"
        finally:
            processes.stop(process, signal.SIGINT)  # "fast": ends open sessions


def _accepts(port: int) -> bool:
    command = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(command, check=False).returncode == 0
