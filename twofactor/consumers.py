"""The sockets of devices and of the waiting page. They carry questions and answers; the database
decides. A device's standing is read anew at every message and before every question.

Source: docs/protocol.md, section 4.
"""

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings

from accounts import metrics, visitors
from devices import authentication, changes, doorbell, keys, messages, protocol
from devices.consumers import PageConsumer, Socket, one_less
from devices.exceptions import Refusal, Revoked, Unauthenticated
from devices.models import Device, DeviceState
from devices.protocol import CloseCode, ErrorCode, ProtocolError, b64, unb64
from twofactor import answers, api, challenges, news

AUTH_SECONDS = 10
MESSAGES, PER_SECONDS = 30, 10
STRANGERS_PER_NETWORK = 20
SOCKETS_PER_DEVICE = 5

Step = Callable[..., Coroutine[Any, Any, None]]
Look = Callable[[Device], list[dict[str, Any]]]


class Closing(Exception):
    """The socket must be closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


def guarded(step: Step) -> Step:
    """A refusal inside `step`, whoever caused it, ends the socket with the protocol's code."""

    @wraps(step)
    async def answered(self: "DeviceConsumer", *args: Any, **kwargs: Any) -> None:
        try:
            await step(self, *args, **kwargs)
        except Closing as closing:
            await self.close(code=closing.code.value)
        except Revoked:
            await self.say_goodbye()
        except Unauthenticated:
            await self.close(code=CloseCode.NOT_AUTHENTICATED.value)
        except ProtocolError:
            await self.close(code=CloseCode.BAD_MESSAGE.value)

    return answered


class LoginConsumer(PageConsumer):
    """The waiting page's doorbell. Which question it waits for, its session says."""

    async def group(self) -> str | None:
        pending = await self.scope["session"].aget("pending_login", {})
        self.challenge = pending.get("challenge")
        return doorbell.challenge_group(self.challenge) if self.challenge else None

    async def has_news(self) -> bool:
        """A page comes with the question; while nobody has even seen it there is no more to say."""
        return not await database_sync_to_async(challenges.is_untouched)(self.challenge)


class DeviceConsumer(Socket):
    """One connected device: greets, proves and checks, asks, takes answers."""

    # Of this process: how many sockets have not proven who they are, and how many a device has.
    strangers: Counter[str] = Counter()
    connected: Counter[str] = Counter()

    async def connect(self) -> None:
        self.visitor = visitors.of_scope(self.scope)
        self.device_id = ""
        self.groups_joined: list[str] = []
        self.arrivals: deque[float] = deque(maxlen=MESSAGES + 1)
        self.nonce = os.urandom(protocol.NONCE_SIZE)
        self.deadline: asyncio.Task[None] | None = None
        self.counted_as_stranger = False
        full = self.strangers[self.visitor.network] >= STRANGERS_PER_NETWORK
        if full or protocol.SUBPROTOCOL not in self.scope["subprotocols"]:
            await self.close()
            return
        self.strangers[self.visitor.network] += 1
        self.counted_as_stranger = True
        await self.accept(protocol.SUBPROTOCOL)
        self.deadline = asyncio.create_task(self._close_if_silent())
        hello = {"t": "hello", "v": protocol.VERSION, "nonce": b64(self.nonce)}
        await self._say({**hello, "server_key": b64(keys.public()), "time": int(time.time())})

    async def disconnect(self, code: int) -> None:
        self._no_stranger_any_more()
        if self.device_id:
            one_less(self.connected, self.device_id)
            metrics.DEVICES_CONNECTED.dec()
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    @guarded
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self._hear(text_data)

    async def _hear(self, text: str | None) -> None:
        self._count_message()
        if text is None:
            raise Closing(CloseCode.BAD_MESSAGE)
        if len(text.encode()) > protocol.MAX_MESSAGE:
            raise Closing(CloseCode.TOO_BIG)
        message = messages.decode(text)
        kind = messages.text_member(message, "t")
        if not self.device_id:
            if kind != "auth":
                raise Unauthenticated
            await self._authenticate(message)
            return
        heard = {"answer": self._answer, "seen": self._seen, "ping": self._ping}.get(kind)
        if heard is None:
            raise Closing(CloseCode.BAD_MESSAGE)
        await heard(message)

    async def _authenticate(self, message: dict[str, Any]) -> None:
        device_id = messages.text_member(message, "device")
        nonce = messages.bytes_member(message, "nonce", protocol.NONCE_SIZE)
        signature = unb64(messages.text_member(message, "sig"))
        frame = protocol.ws_device(
            origin=settings.KAUTH_ORIGIN,
            server_id=keys.server_id(),
            device=device_id,
            nonce_server=self.nonce,
            nonce_device=nonce,
        )
        device = await database_sync_to_async(authentication.arrives)(
            device_id, signature=signature, frame=frame, visitor=self.visitor
        )
        if self.connected[device_id] >= SOCKETS_PER_DEVICE:
            raise Closing(CloseCode.TOO_MANY)
        if device.state == DeviceState.REVOKED:
            raise Revoked
        self._no_stranger_any_more()
        self.device_id = device_id
        self.connected[device_id] += 1
        metrics.DEVICES_CONNECTED.inc()
        await self._welcome(device, nonce)

    async def _welcome(self, device: Device, nonce: bytes) -> None:
        """Joins first and looks then, so that nothing falls between the two."""
        await self._join(doorbell.device_group(self.device_id))
        now = int(time.time())
        frame = protocol.ws_server(
            origin=settings.KAUTH_ORIGIN,
            server_id=keys.server_id(),
            device=self.device_id,
            nonce_device=nonce,
            nonce_server=self.nonce,
            time=now,
        )
        ready = {"t": "ready", "state": device.state, "login": device.user.login_id, "time": now}
        await self._say({**ready, "sig": keys.sign(frame)})
        if device.is_active:
            await self._join(doorbell.account_group(device.user_id))
        # A yes or a removal that came between the first look and the joining is seen here.
        await self._look_again()

    async def _look_again(self) -> None:
        device, waiting = await database_sync_to_async(self._all_news)()
        if device.state == DeviceState.REVOKED:
            raise Revoked
        group = doorbell.account_group(device.user_id)
        if device.is_active and group not in self.groups_joined:
            await self._join(group)
            await self._look_again()
            return
        for message in waiting:
            await self._say(message)

    def _all_news(self) -> tuple[Device, list[dict[str, Any]]]:
        device = authentication.find(self.device_id)
        return device, news.everything(device) if device.is_active else []

    async def _answer(self, message: dict[str, Any]) -> None:
        challenge = messages.text_member(message, "challenge")
        result = {"t": "result", "challenge": challenge}
        try:
            given = api.read_answer(message)
            state = await database_sync_to_async(self._take)(given)
        except Revoked:
            raise
        except ProtocolError:
            await self._say({**result, "ok": False, "error": ErrorCode.BAD_REQUEST})
        except Refusal as refusal:
            await self._say({**result, "ok": False, "error": refusal.code})
        else:
            await self._say({**result, "ok": True, "state": state})

    async def _seen(self, message: dict[str, Any]) -> None:
        device = await self._linked()
        challenge = api.read_challenge_id(message)
        await database_sync_to_async(news.seen)(challenge, device)

    async def _ping(self, message: dict[str, Any]) -> None:
        await self._linked()
        await self._say({"t": "pong", "time": int(time.time())})

    # What the doorbell calls. Each looks at the database before it says anything.

    @guarded
    async def asked(self, event: dict[str, Any]) -> None:
        # A ring without a name is for a practice request, which few look for.
        look = news.question if "challenge" in event else news.questions
        await self._tell(look)

    @guarded
    async def told(self, event: dict[str, Any]) -> None:
        await self._tell(changes.waiting)

    @guarded
    async def closed(self, event: dict[str, Any]) -> None:
        await self._tell(lambda _: [news.closing(event["challenge"], event["state"])])

    @guarded
    async def activated(self, event: dict[str, Any]) -> None:
        device = await self._standing(self.device_id)
        if device.is_active:
            await self._say({"t": "active"})
            await self._look_again()

    @guarded
    async def revoked(self, event: dict[str, Any]) -> None:
        await self._linked()

    async def say_goodbye(self) -> None:
        await self._say({"t": "revoked"})
        await self.close(code=CloseCode.REVOKED.value)

    # Small parts

    async def _linked(self) -> Device:
        """The device as the database has it now; raises Revoked when it is unlinked."""
        device = await self._standing(self.device_id)
        if device.state == DeviceState.REVOKED:
            raise Revoked
        return device

    async def _tell(self, look: Look) -> None:
        """Says what `look` finds, if the device is linked then: one way to the database."""
        for message in await database_sync_to_async(self._found)(look):
            await self._say(message)

    def _found(self, look: Look) -> list[dict[str, Any]]:
        device = authentication.find(self.device_id)
        return look(device) if device.is_active else []

    def _take(self, given: dict[str, Any]) -> str:
        device = authentication.find(self.device_id)
        return answers.take(device=device, visitor=self.visitor, **given)

    async def _standing(self, device_id: str) -> Device:
        return await database_sync_to_async(authentication.find)(device_id)

    async def _join(self, group: str) -> None:
        if group not in self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
            self.groups_joined.append(group)

    async def _say(self, message: dict[str, Any]) -> None:
        await self.send(messages.encode(message))

    async def _close_if_silent(self) -> None:
        await asyncio.sleep(AUTH_SECONDS)
        await self.close(code=CloseCode.NO_AUTH_IN_TIME.value)

    def _count_message(self) -> None:
        self.arrivals.append(time.monotonic())
        full = len(self.arrivals) > MESSAGES
        if full and self.arrivals[-1] - self.arrivals[0] < PER_SECONDS:
            raise Closing(CloseCode.TOO_MANY)

    def _no_stranger_any_more(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
        if self.counted_as_stranger:
            self.counted_as_stranger = False
            one_less(self.strangers, self.visitor.network)
