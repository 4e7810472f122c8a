"""Redis stopped, frozen, slow and flushed (D-17): people and phones find out, codes work."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis as client

from deploy.local.redis import Redis
from tests.faults.conftest import Supply
from tests.faults.findings import Findings
from tests.faults.ledger import nothing_is_lost
from tests.services.full import Full
from tests.services.phones import Phones
from tests.services.signing_in import (
    gets_in_without_an_answer,
    sign_in,
    sign_in_by_backup_code,
    sign_in_by_code,
)

Fault = Callable[[Redis], AbstractContextManager[None]]


@contextmanager
def stopped(redis: Redis) -> Iterator[None]:
    redis.kill()
    try:
        yield
    finally:
        redis.start()


@contextmanager
def frozen(redis: Redis) -> Iterator[None]:
    """Takes connections and answers nothing."""
    redis.freeze()
    try:
        yield
    finally:
        redis.thaw()


@contextmanager
def slow(redis: Redis) -> Iterator[None]:
    """Answers after two seconds."""
    with client.Redis.from_url(redis.url) as connection:
        connection.client_pause(2_000)
    yield


@contextmanager
def flushed(redis: Redis) -> Iterator[None]:
    with client.Redis.from_url(redis.url) as connection:
        connection.flushall()
    yield


FAULTS = [
    stopped,
    frozen,
    pytest.param(slow, marks=pytest.mark.long),
    pytest.param(flushed, marks=pytest.mark.long),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_d17_whatever_happens_to_redis_the_right_people_get_in_and_nobody_else(
    full_site: Full, supply: Supply, findings: Findings, fault: Fault
) -> None:
    origin = full_site.origin
    asked, late, with_code, stranger = supply.take(4)
    with Phones([asked, late]) as phones, ThreadPoolExecutor(1) as meanwhile:
        with fault(full_site.redis):
            assert sign_in(origin, asked) == "/manager/"
            assert sign_in_by_code(origin, with_code) == "/manager/"
            assert sign_in_by_backup_code(origin, supply.careful) == "/manager/"
            assert not gets_in_without_an_answer(origin, stranger)
            under_way: Future[str] = meanwhile.submit(sign_in, origin, late)
        with findings.time(f"Redis {fault.__name__}", "who was under way is in"):
            assert under_way.result() == "/manager/"
        assert sign_in(origin, asked) == "/manager/"
        assert nothing_is_lost(full_site, phones)
