"""What the site holds on to: connections and memory, before the faults and after them."""

import time
from dataclasses import dataclass

import psutil
import psycopg
import redis as client

from tests.services.full import Full

PATIENCE = 60
# Pools keep up to 20 connections a process for ten minutes; a second Celery or page process more
# or less is no leak either.
MORE_TO_DATABASE = 30
MORE_TO_REDIS = 10
MORE_MEMORY = 1.5


@dataclass(frozen=True)
class Usage:
    devices: int
    to_database: int
    to_redis: int
    megabytes: int

    def is_normal(self, before: "Usage") -> bool:
        return (
            self.devices == 0
            and self.to_database <= before.to_database + MORE_TO_DATABASE
            and self.to_redis <= before.to_redis + MORE_TO_REDIS
            and self.megabytes <= before.megabytes * MORE_MEMORY
        )


def of(full: Full) -> Usage:
    with psycopg.connect(full.database.url) as connection:
        counted = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ((to_database,),) = connection.execute(counted).fetchall()
    with client.Redis.from_url(full.redis.url) as connection:
        to_redis = len(connection.client_list())
    programs = [program for program in full.site.programs if program is not full.site.proxy]
    return Usage(
        devices=int(full.metric("kauth_devices_connected")),
        to_database=to_database,
        to_redis=to_redis,
        megabytes=sum(megabytes(program.running.pid) for program in programs),
    )


def megabytes(pid: int) -> int:
    """Of a process and its children."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in family) // 1_000_000


def back_to_normal(full: Full, before: Usage) -> Usage:
    """What is held as soon as it is no more than `before`, give or take."""
    deadline = time.monotonic() + PATIENCE
    while not (now := of(full)).is_normal(before):
        assert time.monotonic() < deadline, f"before: {before}, after: {now}"
        time.sleep(0.2)
    return now
