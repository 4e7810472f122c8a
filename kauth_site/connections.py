"""daphne's sockets and its book of connections, as a server needs them that thousands are idle on.

daphne looks at every connection each second. Here only those are looked at whose turn it is, or
of which something has ended.
"""

import logging
import time
from collections import deque
from typing import Any

from autobahn.websocket import protocol as autobahn
from daphne.server import Server, twisted_loop
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer

from devices.protocol import MAX_MESSAGE, CloseCode

logger = logging.getLogger(__name__)

PING_SECONDS = 30
# Sizes are counted here only to end what is far too big: the consumers say which message is.
SOCKET_LIMITS: dict[str, int] = {
    "websocket_timeout": 12 * 3600,
    "ping_interval": PING_SECONDS,
    "websocket_max_message_size": MAX_MESSAGE * 2,
    "websocket_max_frame_size": MAX_MESSAGE * 2,
}
# Time for close frames to leave and be answered before the connections are cut.
GOODBYE = 1.0
NORMAL = 1000
# A ping without a payload, and how a browser answers it: four bytes of a mask follow.
PING = b"\x89\x00"
PONG, PONG_SIZE = b"\x8a\x80", 6


# autobahn words its lines for debugging, with colours, whether they are written down or not: a
# tenth of what a connection costs.
for worded in ("pformat", "hltype", "hlval"):
    setattr(autobahn, worded, lambda *_, **__: "")


class Socket(WebSocketProtocol):
    """One that can be closed with the protocol's own codes, and that costs little while idle.

    daphne closes through a call of autobahn's that is made for browsers, and knows 1000 and the
    private codes only; 1001, 1008 and 1009 are a server's to send (RFC 6455, section 7.4.1).
    """

    transport: Any
    # Whether anything came from the other side since the last ping.
    heard = True

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - twisted's name
        self.heard = True
        if not self._is_mere_pong(data):
            super().dataReceived(data)

    def _is_mere_pong(self, data: bytes) -> bool:
        """A pong between two frames, with nothing in it to read. autobahn reads any other."""
        return (
            len(data) == PONG_SIZE
            and data.startswith(PONG)
            and self.state == self.STATE_OPEN
            and self.current_frame is None
            and not self.data
        )

    def check_timeouts(self) -> None:
        """Its turn has come; the next one is PING_SECONDS away. Who is still connecting is not
        asked: autobahn drops it after five seconds.
        """
        if self.state != self.STATE_OPEN:
            return
        if time.time() - self.socket_opened > self.server.websocket_timeout - PING_SECONDS:
            self.serverClose()
        elif self.heard:
            self.heard = False
            self.transport.write(PING)
        else:
            self.onAutoPingTimeout()

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 - daphne's name
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=code or NORMAL)

    def serverSend(self, content: Any, binary: bool = False) -> None:  # noqa: N802, FBT001, FBT002
        """Nothing is said to one who has left: that would be a traceback in the log for each who
        leaves at once, and what was to be said stands in the database.
        """
        if self.state not in (self.STATE_CLOSING, self.STATE_CLOSED):
            super().serverSend(content, binary)  # type: ignore[no-untyped-call]


class GracefulServer(Server):
    """daphne that says goodbye: each open socket is closed with 1001, so that devices reconnect."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        # A turn for each second of a round; a socket's turn comes a whole round after it came.
        self._turns: deque[list[Socket]] = deque([] for _ in range(PING_SECONDS))
        self._ending: set[Any] = set()

    def protocol_connected(self, protocol: Any) -> None:
        super().protocol_connected(protocol)  # type: ignore[no-untyped-call]
        if isinstance(protocol, Socket):
            self._turns[-1].append(protocol)

    def timeout_checker(self) -> None:
        twisted_loop.call_later(1, self.timeout_checker)
        self.next_turn()

    def next_turn(self) -> None:
        """Looks at the sockets whose turn it is, and forgets those of them that are gone."""
        stayed = [socket for socket in self._turns[0] if socket in self.connections]
        self._turns[0] = stayed
        self._turns.rotate(-1)
        for socket in stayed:
            socket.check_timeouts()

    def protocol_disconnected(self, protocol: Any) -> None:
        if protocol in self.connections:
            super().protocol_disconnected(protocol)  # type: ignore[no-untyped-call]
            self._ending.add(protocol)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        queue = super().create_application(protocol, scope)  # type: ignore[no-untyped-call]
        if queue is not None:
            application = self.connections[protocol]["application_instance"]
            application.add_done_callback(lambda _: self._has_ended(protocol))
        return queue

    def _has_ended(self, protocol: Any) -> None:
        """Its application, which may be told a moment after the connection was forgotten."""
        if protocol in self.connections:
            self._ending.add(protocol)

    def application_checker(self) -> None:
        twisted_loop.call_later(1, self.application_checker)
        self.look_at_endings()

    def look_at_endings(self) -> None:
        for protocol in list(self._ending):
            self._settle(protocol)

    def _settle(self, protocol: Any) -> None:
        """Reaps an application that ended, or ends one whose connection is long gone."""
        details = self.connections[protocol]
        application, left = details.get("application_instance"), details.get("disconnected")
        if application is None or application.done():
            self._ending.discard(protocol)
            details.pop("application_instance", None)
            if left:
                del self.connections[protocol]
        elif left and time.time() - left > self.application_close_timeout:
            logger.warning("An application did not end with its connection: %r", protocol)
            application.cancel()
        if application is not None and application.done() and not application.cancelled():
            _report(application.exception(), None if left else protocol)

    def kill_all_applications(self) -> Any:
        sockets = [one for one in self.connections if isinstance(one, Socket)]
        for socket in sockets:
            socket.serverClose(CloseCode.GOING_AWAY)
        goodbye: defer.Deferred[None] = defer.Deferred()
        twisted_loop.call_later(GOODBYE if sockets else 0, goodbye.callback, None)
        return goodbye.addCallback(lambda _: Server.kill_all_applications(self))


def _report(fault: BaseException | None, protocol: Any) -> None:
    """Logs it, and tells the other side if it is still there."""
    if fault is None:
        return
    logger.error("Exception inside application: %s", fault, exc_info=fault)
    if protocol is not None:
        protocol.handle_exception(fault)
