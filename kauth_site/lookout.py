"""Looks in the database for what a socket process may not have been told.

Each process rings itself now and then. While it hears that, Redis works, and nobody asks the
database anything. When it hears nothing it looks itself, for all its sockets at once, until it
hears again, and once more then: so nobody waits longer for a broken bell than a few seconds.
"""

import asyncio
import contextlib
import logging
import secrets
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.db import DatabaseError

from devices import authentication, doorbell
from kauth_site.redis_layer import LOST, RedisLayer
from twofactor import challenges
from twofactor.consumers import DeviceConsumer

logger = logging.getLogger(__name__)

PAUSE = 2.0
PATIENCE = 1.0


@dataclass(frozen=True)
class Missed:
    """Who has to look: each is the name of a group, the method to call, and ids."""

    open: dict[str, str] = field(default_factory=dict)  # challenge and account
    ended: frozenset[str] = frozenset()  # challenges that pages wait for
    revoked: frozenset[str] = frozenset()  # devices


class Lookout:
    """One for a process. `watch` runs in the loop that its sockets have."""

    def __init__(self, layer: RedisLayer) -> None:
        self._layer = layer
        self._group = f"lookout.{secrets.token_hex(8)}"
        self._heard: asyncio.Queue[str] = asyncio.Queue()
        self._deaf = False
        self._told = Missed()

    async def watch(self) -> None:
        async with asyncio.TaskGroup() as together:
            together.create_task(self.listen())
            while True:
                await self.look_if_deaf()
                await asyncio.sleep(PAUSE)

    async def listen(self) -> None:
        channel = await self._layer.new_channel()
        await self._layer.group_add(self._group, channel)
        while True:
            message = await self._layer.receive(channel)
            self._heard.put_nowait(message["number"])

    async def look_if_deaf(self) -> None:
        was_deaf, self._deaf = self._deaf, not await self.hears()
        if was_deaf or self._deaf:
            # The database may be away, too; then there is nothing to tell.
            with contextlib.suppress(DatabaseError):
                await self._look()
        else:
            self._told = Missed()

    async def hears(self) -> bool:
        number = secrets.token_hex(8)
        try:
            await sync_to_async(self._layer.ring, thread_sensitive=False)(
                self._group, {"type": "lookout", "number": number}
            )
            async with asyncio.timeout(PATIENCE):
                # An earlier ring may arrive late.
                while await self._heard.get() != number:
                    pass
        except (*LOST, TimeoutError):
            return False
        return True

    async def _look(self) -> None:
        pages = self._layer.groups_here(doorbell.challenge_group(""))
        devices = list(DeviceConsumer.connected)
        missed = await database_sync_to_async(_missed, thread_sensitive=False)(pages, devices)
        for challenge, account in missed.open.items() - self._told.open.items():
            self._ring(doorbell.account_group(account), "asked", challenge=challenge)
        for challenge in missed.ended - self._told.ended:
            self._ring(doorbell.challenge_group(challenge), "changed")
        for device in missed.revoked - self._told.revoked:
            self._ring(doorbell.device_group(device), "revoked")
        self._told = missed

    def _ring(self, group: str, kind: str, **ids: str) -> None:
        self._layer.ring_here(group, {"type": kind, **ids})


def _missed(pages: list[str], devices: list[str]) -> Missed:
    return Missed(
        open=challenges.open_now(),
        ended=challenges.ended_among(pages),
        revoked=authentication.revoked_among(devices),
    )
