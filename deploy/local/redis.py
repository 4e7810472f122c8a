"""A private Redis that keeps nothing and, as in production, asks for a password (D-91)."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import processes
from deploy.local.nginx import Certificate
from deploy.local.processes import Program

PLAIN = "port {port}"
BY_TLS = """\
port 0
tls-port {port}
tls-cert-file {tls.chain}
tls-key-file {tls.key}
tls-auth-clients no
"""


class Redis(Program):
    """An empty Redis, whose address is `url`: plain, or by TLS with the certificate `tls`."""

    def __init__(self, folder: Path, tls: Certificate | None = None) -> None:
        server = processes.find("redis-server", package="redis-server")
        self.port, password = processes.free_port(), secrets.token_urlsafe(16)
        # The certificate is that of a name.
        scheme, host = ("rediss", "localhost") if tls else ("redis", "127.0.0.1")
        self.url = f"{scheme}://:{password}@{host}:{self.port}/0"
        settings = folder / "redis.conf"
        listen = (BY_TLS if tls else PLAIN).format(port=self.port, tls=tls)
        settings.write_text(
            f'bind 127.0.0.1\n{listen}\nrequirepass {password}\ndir {folder}\nsave ""\n'
        )
        super().__init__(
            "redis",
            [server, settings],
            folder=folder,
            ready=lambda: processes.answers(self.port),
        )


@contextmanager
def serving(tls: Certificate | None = None) -> Iterator[Redis]:
    """Raises MissingProgramError without redis-server."""
    with processes.private_folder() as folder:
        redis = Redis(folder, tls)
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
