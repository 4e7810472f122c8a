"""Ends a request whose body is longer than any page or call takes, while it is still coming.

daphne itself keeps the whole of it, on the disk, before anybody looks at it.
"""

from collections.abc import Callable
from typing import Any

from daphne import http_protocol
from django.conf import settings

WORDS = b"This is more than any page here takes. Send less.\n"
REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s"
) % (len(WORDS), WORDS)


WebRequest: Any = http_protocol.WebRequest


class LimitedRequest(WebRequest):  # type: ignore[misc]
    """Judges by what is announced, and by what has come: a chunked body announces nothing."""

    refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - twisted's name
        super().gotLength(min(length or 0, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        if (length or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        if self.refused:
            return
        if self.content.tell() + len(data) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self._refuse()
        else:
            super().handleContentChunk(data)

    def process(self) -> Any:
        return None if self.refused else super().process()

    def _refuse(self) -> None:
        self.refused = True
        connection: Any = self.channel
        connection.transport.write(REFUSAL)
        connection.loseConnection()


def limited(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """daphne's `buildProtocol`, whose connections judge their requests so."""

    def build_limited(address: Any) -> Any:
        connection = build(address)
        connection.requestFactory = LimitedRequest
        return connection

    return build_limited
