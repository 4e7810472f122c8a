"""What every test stands on: the services, the collected static files, a fresh channel layer."""

from collections.abc import Iterator

import pytest
from channels.layers import channel_layers
from django.conf import settings
from hypothesis import settings as hypothesis

from kauth_site.management.commands.serve import collect_static
from tests.services import server

pytest_plugins = ["tests.services.fixtures", "tests.linked", "tests.mailbox"]

# A loaded machine is slow, not wrong.
hypothesis.register_profile("kauth", deadline=None)
hypothesis.load_profile("kauth")


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
