"""The channel layer of the full mode on a real Redis, which comes and goes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis as client

from deploy.local import redis
from deploy.local.redis import Redis
from kauth_site.redis_layer import RedisLayer
from tests.services.available import available_or_said

PATIENCE = 15
KEYS = ["a key of the tests"]


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    with available_or_said(), redis.serving() as running:
        yield running


@pytest.fixture
async def layer(server: Redis) -> AsyncIterator[Any]:
    one: Any = RedisLayer(server.url, symmetric_encryption_keys=KEYS)
    yield one
    await one.flush()


async def listening(layer: Any, group: str = "page") -> str:
    channel = str(await layer.new_channel())
    await layer.group_add(group, channel)
    return channel


async def heard(layer: Any, channel: str) -> dict[str, Any]:
    return dict(await asyncio.wait_for(layer.receive(channel), PATIENCE))


async def rung_until_heard(layer: Any, group: str, channel: str) -> dict[str, Any]:
    """Rings as often as it takes: nobody promises when the connection is there again."""
    hearing = asyncio.create_task(heard(layer, channel))
    while not hearing.done():
        with contextlib.suppress(client.RedisError):
            await asyncio.to_thread(layer.ring, group, {"type": "changed"})
        await asyncio.wait([hearing], timeout=0.1)
    return hearing.result()


async def test_d89_a_ring_under_another_key_is_not_heard(server: Redis, layer: Any) -> None:
    stranger: Any = RedisLayer(server.url, symmetric_encryption_keys=["a key of somebody else"])
    channel = await listening(layer)
    await asyncio.to_thread(stranger.ring, "page", {"type": "revoked"})
    await asyncio.to_thread(layer.ring, "page", {"type": "changed"})
    assert await heard(layer, channel) == {"type": "changed"}


async def test_a_ring_from_a_thread_is_heard(layer: Any) -> None:
    channel = await listening(layer)
    await asyncio.to_thread(layer.ring, "page", {"type": "changed"})
    assert await heard(layer, channel) == {"type": "changed"}


async def test_a_ring_from_another_process_is_heard(layer: Any, server: Redis) -> None:
    channel = await listening(layer)
    another = RedisLayer(server.url, symmetric_encryption_keys=KEYS)
    await asyncio.to_thread(another.ring, "page", {"type": "changed"})
    assert await heard(layer, channel) == {"type": "changed"}


async def test_who_comes_while_the_last_one_leaves_hears_the_group(layer: Any) -> None:
    leaving = await listening(layer)
    coming = str(await layer.new_channel())
    await asyncio.gather(layer.group_discard("page", leaving), layer.group_add("page", coming))
    await asyncio.to_thread(layer.ring, "page", {"type": "changed"})
    assert await heard(layer, coming) == {"type": "changed"}


async def test_who_left_a_group_hears_no_more_of_it(layer: Any) -> None:
    channel = await listening(layer)
    await layer.group_discard("page", channel)
    await layer.group_add("other", channel)
    layer.ring("page", {"type": "unheard"})
    layer.ring("other", {"type": "changed"})
    assert await heard(layer, channel) == {"type": "changed"}


async def test_a_ring_here_reaches_the_sockets_of_this_process(layer: Any) -> None:
    channel = await listening(layer)
    layer.ring_here("page", {"type": "changed"})
    layer.ring_here("nobody", {"type": "changed"})
    assert await heard(layer, channel) == {"type": "changed"}
    assert layer.groups_here("pa") == ["ge"]


async def test_after_a_restart_of_redis_everybody_hears_again(layer: Any, server: Redis) -> None:
    channel = await listening(layer)
    server.kill()
    server.start()
    assert await rung_until_heard(layer, "page", channel) == {"type": "changed"}


async def test_who_began_to_listen_while_redis_was_away_hears_when_it_is_back(
    layer: Any, server: Redis
) -> None:
    server.kill()
    channel = await listening(layer)
    server.start()
    assert await rung_until_heard(layer, "page", channel) == {"type": "changed"}


async def test_a_ring_that_cannot_leave_is_late_and_not_lost(layer: Any, server: Redis) -> None:
    channel = await listening(layer)
    sender = RedisLayer(server.url, symmetric_encryption_keys=KEYS)
    server.freeze()
    try:
        for number in range(3):
            with pytest.raises(client.RedisError):
                await asyncio.to_thread(sender.ring, "page", {"type": "changed", "number": number})
    finally:
        server.thaw()
    assert [(await heard(layer, channel))["number"] for _ in range(3)] == [0, 1, 2]


async def test_while_redis_is_away_nobody_waits_for_it(layer: Any, server: Redis) -> None:
    server.kill()
    try:
        with pytest.raises(client.ConnectionError, match="refused"):
            layer.ring("page", {"type": "changed"})
        with pytest.raises(client.ConnectionError, match="It is away"):
            layer.ring("page", {"type": "changed"})
    finally:
        server.start()


async def test_a_redis_that_says_nothing_is_not_waited_for(layer: Any, server: Redis) -> None:
    server.freeze()
    try:
        with pytest.raises(client.TimeoutError):
            layer.ring("page", {"type": "changed"})
    finally:
        server.thaw()
