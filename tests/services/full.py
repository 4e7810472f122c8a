"""The full mode as `make run-full` starts it, with its PostgreSQL and Redis at hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local import nginx, postgresql, processes, redis
from deploy.local.postgresql import Database
from deploy.local.redis import Redis
from deploy.local.site import Site

SETTINGS = {"KAUTH_PASSWORD_HASH_MEMORY": "19456"}


@dataclass(frozen=True)
class Full:
    site: Site
    database: Database
    redis: Redis

    @property
    def origin(self) -> str:
        return self.site.origin


@contextmanager
def running() -> Iterator[Full]:
    """A site that answers; raises MissingProgramError when a server is not installed."""
    nginx.program()
    with (
        postgresql.serving() as database,
        redis.serving() as broker,
        processes.private_folder() as folder,
    ):
        site = Site(
            folder,
            database_url=database.url,
            redis_url=broker.url,
            port=processes.free_port(),
            settings=SETTINGS,
        )
        try:
            site.start()
            yield Full(site, database, broker)
        finally:
            site.stop()
