"""A private PostgreSQL that keeps nothing: no network beyond this machine, no sync unless asked."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import processes
from deploy.local.processes import Program

# Speed for durability: the data is gone after the run anyway.
_SPEED = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
# What a server of its own would be given, as operations.md says.
_AS_IN_PRODUCTION = ["-c", "shared_buffers=1GB", "-c", "max_wal_size=4GB"]


class Database(Program):
    """A server with one empty database, whose address is `url`."""

    def __init__(self, folder: Path, owner: str | None, *, durable: bool) -> None:
        _make_cluster(folder, owner)
        self.port = processes.free_port()
        self.url = f"postgres://kauth@127.0.0.1:{self.port}/postgres"
        command = [program(), "-D", "data", "-p", str(self.port), "-k", str(folder)]
        command += _AS_IN_PRODUCTION if durable else _SPEED
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
        super().__init__(
            "postgresql",
            command,
            folder=folder,
            ready=self.accepts,
            owner=owner,
            stop_with=signal.SIGINT,  # "fast": ends open sessions
        )

    def accepts(self) -> bool:
        command = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0


@contextmanager
def serving(*, durable: bool = False) -> Iterator[Database]:
    """Raises MissingProgramError without PostgreSQL. A `durable` one syncs, as in production."""
    program()
    owner = _owner()
    with processes.private_folder(owner) as folder:
        database = Database(folder, owner, durable=durable)
        database.start()
        try:
            yield database
        finally:
            database.stop()


@contextmanager
def running() -> Iterator[str]:
    """The address of an empty database; raises MissingProgramError without PostgreSQL."""
    with serving() as database:
        yield database.url


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
