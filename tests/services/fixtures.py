"""The services as fixtures: one instance a run, started by the first test that asks for it."""

from collections.abc import Iterator

import pytest

from tests.services import chromium, full, node, postgresql, redis
from tests.services import push_service as push_services
from tests.services import server as site
from tests.services.available import available_or_said


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with available_or_said(), postgresql.running() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with available_or_said(), redis.running() as url:
        yield url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    with available_or_said():
        return chromium.path()


@pytest.fixture(scope="session")
def chromium_shell_path() -> str:
    with available_or_said():
        return chromium.shell_path()


@pytest.fixture(scope="session")
def server() -> Iterator[site.ServerProcess]:
    """Told of a proxy, so that browsers can have networks, and so counters, of their own.

    Its passwords are hashed as cheaply as it allows: people sign up here all the time.
    """
    with site.running(KAUTH_TRUSTED_PROXIES="1", KAUTH_PASSWORD_HASH_MEMORY="19456") as process:
        yield process


@pytest.fixture(scope="session")
def plain_server() -> Iterator[site.ServerProcess]:
    """A second one, that trusts no proxy."""
    with site.running(KAUTH_PASSWORD_HASH_MEMORY="19456") as process:
        yield process


@pytest.fixture(scope="session")
def node_path() -> str:
    with available_or_said():
        return node.path()


@pytest.fixture(scope="session")
def full_site() -> Iterator[full.Full]:
    with available_or_said(), full.running() as running:
        yield running


@pytest.fixture
def push_service() -> Iterator[push_services.PushService]:
    with push_services.running() as service:
        yield service
