"""The channel layer of the embedded mode: rung from any thread, heard in the server's loop."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kauth_site.embedded import EmbeddedChannelLayer

RING = {"type": "changed"}
PATIENCE = 10


@pytest.fixture
def away_from_home() -> Iterator[None]:
    yield
    EmbeddedChannelLayer.home = None


async def listening() -> tuple[Any, str, asyncio.Task[Any]]:
    """A layer at home in this loop, and a consumer that waits in its group.

    In its debug mode the loop raises when another thread touches it.
    """
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    EmbeddedChannelLayer.bind(loop)
    layer: Any = EmbeddedChannelLayer()  # type: ignore[no-untyped-call]
    channel = await layer.new_channel()
    await layer.group_add("page", channel)
    return layer, channel, asyncio.create_task(layer.receive(channel))


def by_own_loop(call: Callable[..., Any], *args: Any) -> None:
    asyncio.run(call(*args))


async def test_a_ring_from_another_loop_is_heard_at_once(away_from_home: None) -> None:
    layer, _, heard = await listening()
    await asyncio.to_thread(by_own_loop, layer.group_send, "page", RING)
    assert await asyncio.wait_for(heard, PATIENCE) == RING


async def test_a_ring_from_a_thread_without_a_loop_is_heard_at_once(away_from_home: None) -> None:
    layer, _, heard = await listening()
    await asyncio.to_thread(layer.ring, "page", RING)
    assert await asyncio.wait_for(heard, PATIENCE) == RING


async def test_a_message_to_one_channel_from_another_thread_is_heard(away_from_home: None) -> None:
    layer, channel, heard = await listening()
    await asyncio.to_thread(by_own_loop, layer.send, channel, RING)
    assert await asyncio.wait_for(heard, PATIENCE) == RING


async def test_in_the_servers_own_loop_nothing_is_carried_about(away_from_home: None) -> None:
    layer, _, heard = await listening()
    await layer.group_send("page", RING)
    assert await asyncio.wait_for(heard, PATIENCE) == RING


async def test_groups_can_be_joined_and_left_from_another_thread(away_from_home: None) -> None:
    layer, channel, heard = await listening()
    await asyncio.to_thread(by_own_loop, layer.group_discard, "page", channel)
    await layer.group_send("page", {"type": "unheard"})
    await asyncio.to_thread(by_own_loop, layer.group_add, "page", channel)
    await layer.group_send("page", RING)
    assert await asyncio.wait_for(heard, PATIENCE) == RING


async def test_many_threads_lose_nothing(away_from_home: None) -> None:
    layer, channel, first = await listening()
    rings = [{"type": "changed", "number": number} for number in range(50)]
    await asyncio.gather(
        *(asyncio.to_thread(by_own_loop, layer.group_send, "page", ring) for ring in rings)
    )
    heard = [await asyncio.wait_for(first, PATIENCE)]
    heard += [await asyncio.wait_for(layer.receive(channel), PATIENCE) for _ in rings[1:]]
    assert sorted(ring["number"] for ring in heard) == list(range(50))
