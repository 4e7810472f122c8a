"""What every test stands on: the services, the collected static files, a fresh channel layer."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from channels.layers import channel_layers
from django.conf import settings
from django.db import connection
from hypothesis import settings as hypothesis

from accounts.hashers import SitePasswordHasher
from kauth_site.management.commands.serve import collect_static
from tests.services import server
from twofactor import written_codes

pytest_plugins = ["tests.services.fixtures", "tests.linked", "tests.mailbox"]

CHEAPEST = 8  # KiB, as Argon2 allows

# A loaded machine is slow, not wrong.
hypothesis.register_profile("kauth", deadline=None)
hypothesis.load_profile("kauth")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if connection.vendor != "postgresql":
        left_out = [item for item in items if item.get_closest_marker("only_postgresql")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("only_postgresql")]


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """What a hash costs is no behaviour, and ten backup codes come with each device that a test
    links. The servers that the run starts hash as the product does.
    """
    cheap = PasswordHasher(time_cost=1, memory_cost=CHEAPEST, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SitePasswordHasher, "memory_cost", CHEAPEST)
        patch.setattr(written_codes, "HASHER", cheap)
        patch.setattr(written_codes, "NOTHING", cheap.hash("nothing"))
        yield


@pytest.fixture(scope="session", autouse=True)
def files_looked_for_when_asked_for() -> None:
    """WhiteNoise reads the whole folder at its start, and each test's client starts it."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session", autouse=True)
def collected_static_files() -> None:
    """Pages name their static files by content: they render only when these were collected.

    The servers that the run starts find them collected too.
    """
    collect_static()
    server.collected = settings.STATIC_ROOT


@pytest.fixture(autouse=True)
def fresh_channel_layer() -> Iterator[None]:
    """Each test has an event loop of its own; a layer must not outlive the loop it was used in."""
    yield
    channel_layers.backends.clear()
