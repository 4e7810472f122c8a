"""Sockets of waiting pages: they hear "changed" and look for themselves. They take no commands."""

import json
from abc import ABC, abstractmethod
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from devices import doorbell


class PageConsumer(ABC, AsyncWebsocketConsumer):
    """A page's doorbell for one thing that its session waits for; whose it is, the session says."""

    @abstractmethod
    async def group(self) -> str | None:
        """The group to listen to, or None when this session waits for nothing."""

    async def connect(self) -> None:
        self.heard = await self.group()
        if self.heard is None:
            await self.close()
            return
        await self.channel_layer.group_add(self.heard, self.channel_name)
        await self.accept()
        # What changed before this socket was open is not lost: the page looks once now.
        await self.changed({})

    async def disconnect(self, code: int) -> None:
        if self.heard is not None:
            await self.channel_layer.group_discard(self.heard, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Whatever a page says here is not heard."""

    async def changed(self, event: dict[str, Any]) -> None:
        await self.send(json.dumps({"t": "changed"}))


class LinkConsumer(PageConsumer):
    async def group(self) -> str | None:
        enrolment = await self.scope["session"].aget("enrolment")
        return doorbell.enrolment_group(enrolment) if enrolment else None
