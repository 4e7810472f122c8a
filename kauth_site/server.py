"""The server: daphne in this process, with what a clean stop and the embedded mode need."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from daphne.server import twisted_loop
from django.conf import settings

from accounts.tasks import seal_log
from devices import outbox
from kauth_site import background
from kauth_site.body_limit import limited
from kauth_site.connections import SOCKET_LIMITS, GracefulServer, Socket
from kauth_site.embedded import EmbeddedChannelLayer
from kauth_site.lookout import Lookout
from kauth_site.redis_layer import RedisLayer
from twofactor.tasks import expire_overdue_challenges, send_policy_reminders

logger = logging.getLogger(__name__)
T = TypeVar("T")

# After a restart all devices call at once; who finds no place in the queue is turned away.
CALLERS = 1024
EXPIRY_PAUSE = settings.KAUTH_EXPIRY_INTERVAL.total_seconds()
REMINDER_PAUSE = settings.KAUTH_REMINDER_INTERVAL.total_seconds()
SEAL_PAUSE = settings.KAUTH_SEAL_INTERVAL.total_seconds()
# A removed device is to be off within two seconds, whoever removes it (D-42).
RINGS_PAUSE = 0.5


def run(application: Any, *, listen: str, port: int, ready: Callable[[], None]) -> None:
    """Serves until SIGINT or SIGTERM. `ready` is called once, when the address is open."""

    def opened() -> None:
        # A message that is too big gets the close frame 1009 and not a cut connection.
        server.ws_factory.setProtocolOptions(failByDrop=False)
        server.ws_factory.protocol = Socket
        pages: Any = server.http_factory
        pages.buildProtocol = limited(pages.buildProtocol)
        ready()

    layer = get_channel_layer()
    if settings.CELERY_TASK_ALWAYS_EAGER:
        background.start()
    if isinstance(layer, EmbeddedChannelLayer):
        EmbeddedChannelLayer.bind(twisted_loop)
        # Without Redis there is no worker and no beat: what they do is done here.
        twisted_loop.create_task(_again_and_again(_expire, EXPIRY_PAUSE))
        twisted_loop.create_task(_again_and_again(_seal, SEAL_PAUSE))
        twisted_loop.create_task(_again_and_again(_remind, REMINDER_PAUSE))
        twisted_loop.create_task(_again_and_again(partial(_ring_for_commands, layer), RINGS_PAUSE))
    elif isinstance(layer, RedisLayer):
        twisted_loop.create_task(_again_and_again(Lookout(layer).watch, RINGS_PAUSE))
    server = GracefulServer(
        application,
        endpoints=[f"tcp:port={port}:interface={listen}:backlog={CALLERS}"],
        ready_callable=opened,
        server_name="kauth",
        verbosity=0,
        **SOCKET_LIMITS,
    )
    try:
        server.run()  # type: ignore[no-untyped-call]
    finally:
        background.stop()


async def _again_and_again(work: Callable[[], Awaitable[None]], pause: float) -> None:
    """Does `work` in the server's own loop, with `pause` seconds in between."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("Work in the background failed; it is tried again.")
            await asyncio.sleep(EXPIRY_PAUSE)
        await asyncio.sleep(pause)


async def _in_database(work: Callable[[], T]) -> T:
    """In a thread of its own: no request waits for it, and its connection is given back."""
    return await database_sync_to_async(work, thread_sensitive=False)()


async def _expire() -> None:
    await _in_database(expire_overdue_challenges)


async def _seal() -> None:
    await _in_database(seal_log)


async def _remind() -> None:
    await _in_database(send_policy_reminders)


async def _ring_for_commands(layer: EmbeddedChannelLayer) -> None:
    """Rings here what a command beside this server wants rung."""
    for ring in await _in_database(outbox.take):
        await layer.group_send(ring.group, ring.message)
