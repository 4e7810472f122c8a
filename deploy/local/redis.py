"""A private Redis that keeps nothing and, as in production, asks for a password (D-91)."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import processes
from deploy.local.processes import Program


class Redis(Program):
    """An empty Redis, whose address is `url`."""

    def __init__(self, folder: Path) -> None:
        server = processes.find("redis-server", package="redis-server")
        self.port, password = processes.free_port(), secrets.token_urlsafe(16)
        self.url = f"redis://:{password}@127.0.0.1:{self.port}/0"
        settings = folder / "redis.conf"
        settings.write_text(
            f'bind 127.0.0.1\nport {self.port}\nrequirepass {password}\ndir {folder}\nsave ""\n'
        )
        super().__init__(
            "redis",
            [server, settings],
            folder=folder,
            ready=lambda: processes.answers(self.port),
        )


@contextmanager
def serving() -> Iterator[Redis]:
    """Raises MissingProgramError without redis-server."""
    with processes.private_folder() as folder:
        redis = Redis(folder)
        redis.start()
        try:
            yield redis
        finally:
            redis.stop()


@contextmanager
def running() -> Iterator[str]:
    """The address of an empty Redis; raises MissingProgramError without redis-server."""
    with serving() as redis:
        yield redis.url
