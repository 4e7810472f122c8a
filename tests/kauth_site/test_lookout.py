"""While the bell works nobody looks; when it is broken each process looks for all its sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async

from accounts import audit
from deploy.local import redis
from deploy.local.redis import Redis
from devices import doorbell, enrolment
from kauth_site.lookout import Lookout
from kauth_site.redis_layer import RedisLayer
from tests.linked import Linked
from tests.people import VISITOR
from tests.services.available import available_or_said
from twofactor import challenges
from twofactor.consumers import DeviceConsumer
from twofactor.models import Challenge, Purpose

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 15


@pytest.fixture
def server() -> Iterator[Redis]:
    with available_or_said(), redis.serving() as running:
        yield running


@pytest.fixture
async def layer(server: Redis) -> AsyncIterator[Any]:
    one: Any = RedisLayer(server.url, symmetric_encryption_keys=["a key of the tests"])
    yield one
    await one.flush()


@pytest.fixture
async def lookout(layer: Any) -> AsyncIterator[Lookout]:
    """One that has begun to hear itself."""
    one = Lookout(layer)
    listening = asyncio.create_task(one.listen())
    while not await one.hears():
        pass
    yield one
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


@pytest.fixture
def question(alice: Linked) -> Challenge:
    return challenges.issue(
        user=alice.user,
        purpose=Purpose.LOGIN,
        binding="b" * 64,
        visitor=VISITOR,
        known_browser=None,
    )


def elsewhere(call: Callable[..., Any]) -> Any:
    """In a thread of its own, which gives its connection to the database back."""
    return database_sync_to_async(call, thread_sensitive=False)


async def socket_of(layer: Any, group: str) -> str:
    channel = str(await layer.new_channel())
    await layer.group_add(group, channel)
    return channel


async def hears(layer: Any, channel: str) -> dict[str, Any]:
    return dict(await asyncio.wait_for(layer.receive(channel), PATIENCE))


def is_quiet(layer: Any, channel: str) -> bool:
    return bool(layer.channels[channel].empty())


async def test_while_it_hears_itself_it_asks_the_database_nothing(
    layer: Any, lookout: Lookout, question: Challenge
) -> None:
    device = await socket_of(layer, doorbell.account_group(question.user_id))
    await lookout.look_if_deaf()
    assert is_quiet(layer, device)


async def test_a_frozen_redis_keeps_no_question_from_a_connected_device(
    layer: Any, lookout: Lookout, question: Challenge, server: Redis
) -> None:
    device = await socket_of(layer, doorbell.account_group(question.user_id))
    server.freeze()
    await lookout.look_if_deaf()
    assert await hears(layer, device) == {"type": "asked", "challenge": question.pk}
    await lookout.look_if_deaf()
    assert is_quiet(layer, device), "the same question was told twice"


async def test_when_it_hears_again_it_looks_once_more(
    layer: Any, lookout: Lookout, server: Redis, alice: Linked
) -> None:
    device = await socket_of(layer, doorbell.account_group(alice.user.pk))
    server.freeze()
    await lookout.look_if_deaf()
    server.thaw()
    later = await elsewhere(challenges.issue)(
        user=alice.user,
        purpose=Purpose.LOGIN,
        binding="b" * 64,
        visitor=VISITOR,
        known_browser=None,
    )
    while not await lookout.hears():
        pass
    await lookout.look_if_deaf()
    assert await hears(layer, device) == {"type": "asked", "challenge": later.pk}


async def test_a_page_hears_of_a_question_that_ended_without_a_ring(
    layer: Any, lookout: Lookout, question: Challenge, server: Redis
) -> None:
    page = await socket_of(layer, doorbell.challenge_group(question.pk))
    server.kill()
    await lookout.look_if_deaf()
    assert is_quiet(layer, page)
    await elsewhere(Challenge.objects.filter(pk=question.pk).update)(state="denied")
    await lookout.look_if_deaf()
    assert await hears(layer, page) == {"type": "changed"}


async def test_d42_a_removed_device_is_told_without_redis(
    layer: Any, lookout: Lookout, server: Redis, alice: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DeviceConsumer.connected, alice.phone.device, 1)
    device = await socket_of(layer, doorbell.device_group(alice.phone.device))
    server.kill()
    await elsewhere(enrolment.revoke)(alice.row, visitor=audit.NOBODY, by=enrolment.BY_PERSON)
    await lookout.look_if_deaf()
    assert await hears(layer, device) == {"type": "revoked"}
