"""What all sockets do alike; and those of waiting pages, which hear "changed" and look for
themselves. They take no commands.
"""

import json
import logging
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib import auth
from django.db import DatabaseError

from accounts import sign_ins
from devices import doorbell
from devices.protocol import CloseCode

logger = logging.getLogger(__name__)

# Of one process, for one thing that is waited for. A page has one, and another if it reconnects.
SOCKETS_PER_WAIT = 30
# Nothing that is said to a page's socket is heard, and so much of it ends the socket.
MOST_MESSAGES = 30


class Socket(AsyncWebsocketConsumer):
    """One that a database which is away does not tear: it is closed in good order, so that it is
    counted and listens no more, and its client comes again.

    Channels would go to another thread with each message, and once more at the end, to give back
    connections to the database. Who asks it here has given its own back: see channels.db.
    """

    async def dispatch(self, message: dict[str, Any]) -> None:
        handle = getattr(self, get_handler_name(message))
        try:
            await handle(message)
        except DatabaseError as error:
            logger.warning("A socket is closed, for the database is away: %s", error)
            await self.close(code=CloseCode.GOING_AWAY.value)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        await self.disconnect(message["code"])
        raise StopConsumer


class PageConsumer(ABC, Socket):
    """A page's doorbell for one thing that its session waits for; whose it is, the session says."""

    waiting: Counter[str] = Counter()

    @abstractmethod
    async def group(self) -> str | None:
        """The group to listen to, or None when this session waits for nothing."""

    async def connect(self) -> None:
        self.groups_joined: list[str] = []
        self.messages = 0
        self.waits_for = ""
        heard = await self.group()
        if heard is None or self.waiting[heard] >= SOCKETS_PER_WAIT:
            await self.close()
            return
        self.waits_for = heard
        self.waiting[heard] += 1
        session = self.scope["session"]
        self.sign_in = await session.aget(sign_ins.SESSION_KEY)
        await self._join(heard)
        if self.sign_in:
            await self._join(doorbell.pages_group(await session.aget(auth.SESSION_KEY)))
        await self.accept()
        # What changed before this socket was open is not lost: the page looks once now.
        if await self.has_news():
            await self.changed({})
        await self.sessions_changed({})

    async def disconnect(self, code: int) -> None:
        if self.waits_for:
            one_less(self.waiting, self.waits_for)
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Whatever a page says here is not heard."""
        self.messages += 1
        if self.messages > MOST_MESSAGES:
            await self.close(code=CloseCode.TOO_MANY.value)

    async def has_news(self) -> bool:
        """Whether there may be more to see than a page shows that has just come."""
        return True

    async def changed(self, event: dict[str, Any]) -> None:
        await self.send(json.dumps({"t": "changed"}))

    async def sessions_changed(self, event: dict[str, Any]) -> None:
        """A socket does not outlive the session that opened it."""
        if self.sign_in and not await database_sync_to_async(sign_ins.stands)(self.sign_in):
            await self.close(code=CloseCode.NOT_AUTHENTICATED.value)

    async def _join(self, group: str) -> None:
        await self.channel_layer.group_add(group, self.channel_name)
        self.groups_joined.append(group)


class LinkConsumer(PageConsumer):
    async def group(self) -> str | None:
        enrolment = await self.scope["session"].aget("enrolment")
        return doorbell.enrolment_group(enrolment) if enrolment else None


def one_less(counter: Counter[str], name: str) -> None:
    """Keeps no name whose count is nought, so that the counter does not grow with the visitors."""
    counter[name] -= 1
    if not counter[name]:
        del counter[name]
