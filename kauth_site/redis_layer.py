"""The channel layer of the full mode: Redis pub/sub, made to outlive whatever happens to Redis.

A ring leaves from any thread over connections that stay open; what cannot leave at once is tried
again. Who listens is connected again by itself, with all that it listened to. What was rung while
it did not listen is lost, as any ring may be: see lookout.py.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)
from channels_redis.utils import _close_redis, _wrap_close, decode_hosts
from cryptography.fernet import InvalidToken
from redis import Redis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

LOST = (RedisError, OSError)
# Where a page waits for it, and how long and how often it is tried again without a page.
RING_SECONDS = 0.5
REST_SECONDS = 0.5
LATE_SECONDS = 60
MOST_LATE = 1_000
# Where nobody waits but a socket that is being opened.
CONNECT_SECONDS = 2.0
AGAIN_SECONDS = 1.0
IDLE_SECONDS = 1.0


@dataclass(frozen=True)
class Late:
    name: str
    data: bytes
    until: float


class RedisLayer(RedisPubSubChannelLayer):
    """Channels' layer for one Redis at `url`."""

    def __init__(self, url: str, **options: Any) -> None:
        once = AsyncRetry(NoBackoff(), 0)  # the listener has its own way to try again
        patience = {"socket_timeout": CONNECT_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
        super().__init__(hosts=[{"address": url, "retry": once, **patience}], **options)
        self._bell = Bell(url)

    def ring(self, group: str, message: dict[str, Any]) -> None:
        """What group_send does, without an event loop. Raises RedisError when it could not be done
        at once; then it is tried again in the background for a minute.
        """
        self._bell.ring(_name(group), self.serialize(message))

    async def receive(self, channel: str) -> Any:
        """The next ring that is sealed with our key; any other is nobody's word to us. Processes
        that still have the key of before send such ones for a while.
        """
        while True:
            try:
                return await self._get_layer().receive(channel)
            except InvalidToken:
                logger.warning("A ring that is not sealed with our key is not heard.")

    def ring_here(self, group: str, message: dict[str, Any]) -> None:
        """The same for the sockets of this process alone. Only in its event loop."""
        layer = self._get_layer()
        data = self.serialize(message)
        for channel in layer.groups.get(_name(group), ()):
            layer.channels[channel].put_nowait(data)

    def groups_here(self, prefix: str) -> list[str]:
        """What the sockets of this process listen to, without the prefix."""
        start = _name(prefix)
        names = self._get_layer().groups
        return [name.removeprefix(start) for name in names if name.startswith(start)]

    def _get_layer(self) -> "LoopLayer":
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: LoopLayer = self._layers[loop]
        return layer


class Bell:
    """Rings from any thread. Nobody waits for it longer than half a second, and while Redis is
    away nobody waits at all: the bell goes on trying by itself.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=RING_SECONDS,
            socket_connect_timeout=RING_SECONDS,
            # A connection that died while it lay idle is replaced at once.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisAway,)),
        )
        self._late: deque[Late] = deque(maxlen=MOST_LATE)
        self._lock = threading.Lock()
        self._trying = False

    def ring(self, name: str, data: bytes) -> None:
        if self._trying:
            self._try_later(name, data)
            raise RedisAway("It is away.")
        try:
            self._redis.publish(name, data)
        except LOST:
            self._try_later(name, data)
            raise

    def _try_later(self, name: str, data: bytes) -> None:
        with self._lock:
            self._late.append(Late(name, data, time.monotonic() + LATE_SECONDS))
            if not self._trying:
                self._trying = True
                threading.Thread(target=self._go_on, name="bell", daemon=True).start()

    def _go_on(self) -> None:
        while self._trying:
            time.sleep(REST_SECONDS)
            with contextlib.suppress(*LOST):
                self._ring_late()
            with self._lock:
                self._trying = bool(self._late)

    def _ring_late(self) -> None:
        """In the order in which they came; what is too old has been found out by asking."""
        while self._late:
            first = self._late[0]
            if time.monotonic() < first.until:
                self._redis.publish(first.name, first.data)
            self._late.popleft()


class LoopLayer(RedisPubSubLoopLayer):
    """The part of it that belongs to one event loop."""

    def __init__(self, hosts: Any = None, **options: Any) -> None:
        super().__init__(hosts=hosts, **options)
        self._shards = [Line(host, self) for host in decode_hosts(hosts)]

    async def _subscribe_to_channel(self, channel: str) -> None:
        """Sockets are called by their groups, never by their own name: Redis need not know it."""
        self.channels[channel] = asyncio.Queue()


class Line(RedisSingleShardConnection):
    """The connection that hears. What it listens to is remembered here, not in Redis."""

    _redis: Any
    _pubsub: Any

    def __init__(self, host: Any, channel_layer: Any) -> None:
        super().__init__(host, channel_layer)
        self._incomplete = False

    async def subscribe(self, channel: str) -> None:
        """Never fails: without Redis it is made good as soon as there is one."""
        # Inside the lock: who comes while the last one leaves must not take that line for theirs.
        async with self._lock:
            if channel in self._subscribed_to:
                return
            self._subscribed_to.add(channel)
            self._ensure_redis()
            self._ensure_receiver()
            try:
                await self._pubsub.subscribe(channel)
            except LOST:
                self._incomplete = True

    async def unsubscribe(self, channel: str) -> None:
        async with self._lock:
            if channel not in self._subscribed_to:
                return
            self._subscribed_to.discard(channel)
            with contextlib.suppress(*LOST):
                await self._pubsub.unsubscribe(channel)

    async def _do_receiving(self) -> None:
        while True:
            try:
                await self._hear()
            except LOST as error:
                logger.warning("Redis is away: %s", error)
                await self._open_again()
                logger.warning("Redis is back.")

    async def _hear(self) -> None:
        while not self._incomplete:
            if self._pubsub.subscribed:
                message = await self._pubsub.get_message(
                    ignore_subscribe_messages=True, timeout=IDLE_SECONDS
                )
                self._receive_message(message)
            else:
                await asyncio.sleep(IDLE_SECONDS / 10)
        raise RedisAway("It did not take what was to be listened to.")

    async def _open_again(self) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            with contextlib.suppress(*LOST):
                return await self._renew()

    async def _renew(self) -> None:
        """A new connection that listens to everything this one did."""
        async with self._lock:
            if self._redis is not None:
                with contextlib.suppress(*LOST):
                    await _close_redis(self._redis)
                self._redis = None
            self._ensure_redis()
            if self._subscribed_to:
                await self._pubsub.subscribe(*self._subscribed_to)
            self._incomplete = False


def _name(group: str) -> str:
    """As channels-redis names a group with the prefix that it has by itself."""
    return f"asgi__group__{group}"
