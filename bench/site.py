"""kAuth in full mode for the bench: PostgreSQL that syncs to disk, Redis, and every process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import postgresql, processes, redis
from deploy.local.site import Site as Processes

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Stores:
    """PostgreSQL and Redis, shared by all that is measured; `roots` are their processes."""

    database_url: str
    redis_url: str
    roots: dict[str, int]

    def database(self, name: str) -> str:
        """The address of a new, empty database."""
        self.sql(f"CREATE DATABASE {name}")
        return self.address(name)

    def address(self, name: str) -> str:
        return self.database_url.rpartition("/")[0] + f"/{name}"

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        command = ["psql", "-Atqc", statement, self.address(database)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()


@contextmanager
def stores() -> Iterator[Stores]:
    with postgresql.serving(durable=True) as database, redis.serving() as bell:
        roots = {"postgresql": database.running.pid, "redis": bell.running.pid}
        yield Stores(database.url, bell.url, roots)


@dataclass
class Site:
    """A site that answers at `origin`; `database` is the name of its database."""

    origin: str
    environment: dict[str, str]
    roots: dict[str, int]
    database: str

    def run(self, *arguments: str) -> str:
        """A Python program of the project under this site's settings."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
        return done.stdout

    def people(self, count: int, *, bare: bool = False) -> list[dict[str, Any]]:
        """New accounts with a linked device each; nobody can sign in to a `bare` one."""
        path = Path(self.environment["KAUTH_DATA_DIR"]) / "people.json"
        self.run("-m", "bench.seed", "bare" if bare else "people", str(count), str(path))
        found: list[dict[str, Any]] = json.loads(path.read_text())
        return found


@contextmanager
def running(around: Stores, name: str = "kauth") -> Iterator[Site]:
    """nginx, two processes for pages, one for sockets, a worker, beat: on a database of its own."""
    with processes.private_folder() as folder:
        site = Processes(
            folder,
            database_url=around.database(name),
            redis_url=around.redis_url,
            port=processes.free_port(),
            socket_processes=1,
            # The cheapest hash: what is measured here comes after it, and it has a row of its own.
            settings={"KAUTH_PASSWORD_HASH_MEMORY": str(19 * 1024)},
        )
        site.start()
        try:
            roots = {program.name: program.running.pid for program in site.programs}
            yield Site(site.origin, site.environment, roots, name)
        finally:
            site.stop()
