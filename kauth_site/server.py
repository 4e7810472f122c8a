"""The server: daphne in this process, with what a clean stop and the embedded mode need."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from daphne.server import Server, twisted_loop
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import defer

from devices.protocol import MAX_MESSAGE, CloseCode
from kauth_site.embedded import EmbeddedChannelLayer
from twofactor.tasks import expire_overdue_challenges

logger = logging.getLogger(__name__)

SOCKET_AGE = 12 * 3600
PING_EVERY = 30
# Time for close frames to leave and be answered before the connections are cut.
GOODBYE = 1.0
NORMAL = 1000


class Socket(WebSocketProtocol):
    """A socket that can be closed with the protocol's own codes.

    daphne closes through a call of autobahn's that is made for browsers, and knows 1000 and the
    private codes only; 1001, 1008 and 1009 are a server's to send (RFC 6455, section 7.4.1).
    """

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 - daphne's name
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=code or NORMAL)


class GracefulServer(Server):
    """daphne that says goodbye: each open socket is closed with 1001, so that devices reconnect."""

    def kill_all_applications(self) -> Any:
        sockets = [one for one in self.connections if isinstance(one, Socket)]
        for socket in sockets:
            socket.serverClose(CloseCode.GOING_AWAY)
        goodbye: defer.Deferred[None] = defer.Deferred()
        twisted_loop.call_later(GOODBYE if sockets else 0, goodbye.callback, None)
        return goodbye.addCallback(lambda _: Server.kill_all_applications(self))


def run(application: Any, *, listen: str, port: int, ready: Callable[[], None]) -> None:
    """Serves until SIGINT or SIGTERM. `ready` is called once, when the address is open."""

    def opened() -> None:
        # A message that is too big gets the close frame 1009 and not a cut connection.
        server.ws_factory.setProtocolOptions(failByDrop=False)
        server.ws_factory.protocol = Socket
        ready()

    if isinstance(get_channel_layer(), EmbeddedChannelLayer):
        EmbeddedChannelLayer.bind(twisted_loop)
        # Without Redis there is no worker and no beat: the expiry runs here.
        twisted_loop.create_task(_expire_again_and_again())
    server = GracefulServer(  # type: ignore[no-untyped-call]
        application,
        endpoints=[f"tcp:port={port}:interface={listen}"],
        ready_callable=opened,
        websocket_timeout=SOCKET_AGE,
        ping_interval=PING_EVERY,
        websocket_max_message_size=MAX_MESSAGE * 2,
        websocket_max_frame_size=MAX_MESSAGE * 2,
        server_name="kauth",
        verbosity=0,
    )
    server.run()  # type: ignore[no-untyped-call]


async def _expire_again_and_again() -> None:
    """What Celery beat and a worker do in the full mode, here in the server's own loop."""
    while True:
        try:
            await sync_to_async(expire_overdue_challenges, thread_sensitive=False)()
        except Exception:
            logger.exception("The expiry run failed; the next one comes in time.")
        await asyncio.sleep(settings.KAUTH_EXPIRY_INTERVAL.total_seconds())
