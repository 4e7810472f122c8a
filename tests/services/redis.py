"""A private Redis that keeps nothing and, as in production, asks for a password (D-91)."""

import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.services import processes


@contextmanager
def running() -> Iterator[str]:
    """The address of an empty Redis; raises MissingProgramError without redis-server."""
    server = processes.find("redis-server", package="redis-server")
    port, password = processes.free_port(), secrets.token_urlsafe(16)
    with processes.private_folder() as folder:
        settings, log = folder / "redis.conf", folder / "log"
        settings.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\nsave ""\n'
        )
        with log.open("wb") as output:
            process = subprocess.Popen([server, settings], stdout=output, stderr=subprocess.STDOUT)
        try:
            processes.wait_until(lambda: processes.answers(port), process, log)
            yield f"redis://:{password}@127.0.0.1:{port}/0"
        finally:
            processes.stop(process, signal.SIGTERM)
