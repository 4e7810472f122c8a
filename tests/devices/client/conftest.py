"""What the client's tests stand on: computers of their own, and servers without Django."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest

from devices.client.store import STORE_VARIABLE
from devices.client.vault import PASSPHRASE_VARIABLE
from tests.devices.client.desktop import Desktop
from tests.software_server import SoftwareServer


@pytest.fixture(autouse=True)
def nothing_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's keyring nor passphrase nor accounts."""
    for name in (STORE_VARIABLE, PASSPHRASE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    desktop = Desktop(tmp_path)
    yield desktop
    desktop.close()


@pytest.fixture
async def server() -> AsyncIterator[SoftwareServer]:
    async with SoftwareServer().running() as server:
        yield server


@pytest.fixture
async def two_servers() -> AsyncIterator[tuple[SoftwareServer, SoftwareServer]]:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(SoftwareServer().running())
        two = await stack.enter_async_context(SoftwareServer().running())
        yield one, two
