"""The embedded channel layer: where a ring goes with a server in this process, and without one."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from devices.models import PendingRing
from kauth_site.embedded import EmbeddedChannelLayer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of a server, in a thread of its own."""
    loop = asyncio.new_event_loop()
    monkeypatch.setattr(EmbeddedChannelLayer, "home", None)
    EmbeddedChannelLayer.bind(loop)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def new_layer() -> EmbeddedChannelLayer:
    return EmbeddedChannelLayer()  # type: ignore[no-untyped-call]


def listen(layer: EmbeddedChannelLayer, loop: asyncio.AbstractEventLoop) -> Future[dict[str, Any]]:
    """What the next ring in the group says, heard in the server's loop."""
    asyncio.run_coroutine_threadsafe(layer.group_add("group", "ear"), loop).result(10)
    heard = layer.receive("ear")  # type: ignore[no-untyped-call]
    return asyncio.run_coroutine_threadsafe(heard, loop)


def test_a_ring_from_another_thread_reaches_the_servers_loop_and_leaves_no_note(
    home: asyncio.AbstractEventLoop,
) -> None:
    layer = new_layer()
    heard = listen(layer, home)
    layer.ring("group", {"type": "changed"})
    assert heard.result(10) == {"type": "changed"}
    assert not PendingRing.objects.exists()


def test_without_a_server_in_this_process_the_ring_is_left_where_servers_look() -> None:
    new_layer().ring("group", {"type": "changed"})
    assert PendingRing.objects.get().message == {"type": "changed"}
