"""What stands in for Redis when the whole site is one process."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import InMemoryChannelLayer

from devices import outbox


class EmbeddedChannelLayer(InMemoryChannelLayer):
    """Channels' in-memory layer, used from its own loop only.

    The stock layer is not safe across threads: a message from another thread's loop lies there
    until the server's loop wakes for something else. So whoever calls from elsewhere is brought
    home to the loop that the server bound. A process where no server bound its loop, such as a
    command, has no sockets: what it rings is put where the server looks.
    """

    home: ClassVar[asyncio.AbstractEventLoop | None] = None

    @classmethod
    def bind(cls, loop: asyncio.AbstractEventLoop) -> None:
        cls.home = loop

    def ring(self, group: str, message: dict[str, Any]) -> None:
        """What group_send does, for who is in no event loop and waits for none."""
        if self.home is None:
            async_to_sync(self.group_send)(group, message)
        else:
            asyncio.run_coroutine_threadsafe(self.group_send(group, message), self.home)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._at_home(super().send, channel, message)

    async def group_add(self, group: str, channel: str) -> None:
        await self._at_home(super().group_add, group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._at_home(super().group_discard, group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self.home is None:
            await sync_to_async(outbox.put)(group, message)
        await self._at_home(super().group_send, group, message)

    async def _at_home(self, call: Callable[..., Any], *args: Any) -> None:
        if self.home is None or self.home is asyncio.get_running_loop():
            await call(*args)
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(*args), self.home))
