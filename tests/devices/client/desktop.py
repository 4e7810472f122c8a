"""A person's computer in a test: a terminal to read and type on, a store, and running commands."""

import asyncio
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from devices.client import cli
from devices.client.store import Store
from devices.client.terminal import Lines, Terminal
from devices.client.waits import Waits
from tests.software_server import SoftwareServer
from tests.software_state import LinkedDevice

Happening = TypeVar("Happening")
PATIENCE = 30  # seconds after which something that should happen is taken not to happen


class Screen(io.StringIO):
    """Output that a test can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    def write(self, text: str) -> int:
        self._written.set()
        return super().write(text)

    async def shows(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.getvalue().count(text) < times:
                self._written.clear()
                await self._written.wait()


class Desktop:
    """Commands run in this process, with everything real but the terminal, which is a pipe."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "kauth" / "accounts.json"
        self.store = Store(self.path)
        self.screen = Screen()
        self.errors = Screen()
        reading, self._typing = os.pipe()
        self._reading = reading
        self.terminal = Terminal(self.screen, self.errors, Lines(reading))

    async def run(self, *arguments: str) -> int:
        options = cli.parser().parse_args(["--store", str(self.path), *arguments])
        async with asyncio.timeout(PATIENCE):
            return await cli.run(options, self.terminal, Waits(0.01, 0.05))

    def start(self, *arguments: str) -> asyncio.Task[int]:
        return asyncio.create_task(self.run(*arguments))

    def type(self, line: str) -> None:
        os.write(self._typing, f"{line}\n".encode())

    def end_input(self) -> None:
        if self._typing >= 0:
            os.close(self._typing)
            self._typing = -1

    def close(self) -> None:
        self.end_input()

    def logins(self) -> list[str]:
        return [account.login for account in self.store.read().accounts]

    async def linked_with(self, server: SoftwareServer, *options: str) -> LinkedDevice:
        """Links by the real command, the computer saying yes at once."""
        server.state_of_claims = "active"
        assert await self.run("link", server.link, *options) == 0
        return await next_of(server.claimed)

    async def listening(
        self, server: SoftwareServer, *options: str
    ) -> tuple[asyncio.Task[int], LinkedDevice]:
        """Links and listens; returns when the socket is ready."""
        device = await self.linked_with(server)
        task = self.start("listen", *options)
        await next_of(server.connected)
        await self.screen.shows("Connected")
        return task, device


async def next_of(queue: asyncio.Queue[Happening]) -> Happening:
    async with asyncio.timeout(PATIENCE):
        return await queue.get()


async def ended(task: asyncio.Task[int]) -> int:
    async with asyncio.timeout(PATIENCE):
        return await task


async def stopped(*tasks: asyncio.Task[int]) -> Sequence[Any]:
    for task in tasks:
        task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)
