"""One port of this machine for plain HTTP calls and websockets, as a kAuth server has."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from devices import messages
from devices.protocol import SUBPROTOCOL, ErrorCode


@dataclass(frozen=True)
class HttpRequest:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} -", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


def answer(status: int, content: dict[str, Any]) -> HttpResponse:
    headers = (("Content-Type", "application/json"),)
    return HttpResponse(status, json.dumps(content).encode(), headers)


def refusal(code: ErrorCode, **extra: Any) -> HttpResponse:
    headers = tuple((name, value) for name, value in extra.pop("headers", {}).items())
    body = {"error": code, "detail": "A sentence of the server.", **extra}
    return HttpResponse(messages.HTTP_STATUS[code], json.dumps(body).encode(), headers)


AnswersHttp = Callable[[HttpRequest], Awaitable[HttpResponse | None]]
TalksOnSocket = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def one_port(
    on_http: AnswersHttp, on_socket: TalksOnSocket, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serves until the block ends. `on_http` gets everything; None from it opens the socket."""
    offered = [Subprotocol(SUBPROTOCOL)]
    visits: set[asyncio.Task[None]] = set()
    async with serve(on_socket, "127.0.0.1", 0, subprotocols=offered, close_timeout=1) as inner:
        inner_port = next(iter(inner.sockets)).getsockname()[1]

        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            visits.add(task)
            async with _closing(writer):
                await _visit(reader, writer, on_http, inner_port)

        outer = await asyncio.start_server(visit, "127.0.0.1", 0, ssl=tls)
        yield outer.sockets[0].getsockname()[1]
        outer.close()
    for task in visits:
        task.cancel()
    await asyncio.gather(*visits, return_exceptions=True)


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Ends the connection with the block, and waits until it has ended: a loop that closes before
    leaves the socket to the collector, who tells it during some other test.
    """
    try:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            yield
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _visit(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_http: AnswersHttp, inner: int
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")[:-2]
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    response = await on_http(HttpRequest(method, path, headers, body))
    if response is None:
        await _relay(head, reader, writer, inner)
        return
    writer.write(response.head() + response.body)
    await writer.drain()


async def _relay(
    head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
) -> None:
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    async with _closing(inner_writer), asyncio.TaskGroup() as both:
        inner_writer.write(head)
        both.create_task(_pump(reader, inner_writer))
        both.create_task(_pump(inner_reader, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    finally:
        target.close()
