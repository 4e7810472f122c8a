"""A push sign-in on bare ASGI: three commits, one signature check, two rings. No product.

Its own environment has uvicorn and asyncpg, the fastest there are; see requirements.txt beside it.
"""

import asyncio
import json
import os
import secrets
from typing import Any

import asyncpg  # type: ignore[import-not-found]  # in its own environment
import redis.asyncio as aredis

from bench.floors import signed


class Site:
    def __init__(self) -> None:
        self.started: asyncio.Future[None] | None = None
        self.phones: dict[str, asyncio.Queue[bytes]] = {}
        self.pages: dict[str, asyncio.Future[bool]] = {}

    async def start(self) -> None:
        if self.started is None:
            self.started = asyncio.ensure_future(self._start())
        await self.started

    async def _start(self) -> None:
        self.pool = await asyncpg.create_pool(os.environ["FLOOR_DATABASE"], min_size=2, max_size=8)
        self.redis = aredis.from_url(os.environ["FLOOR_REDIS"])
        bell = self.redis.pubsub()
        await bell.subscribe("bell")
        self.listening = asyncio.ensure_future(self._listen(bell))

    async def _listen(self, bell: Any) -> None:
        async for message in bell.listen():
            if message["type"] != "message":
                continue
            whom, name, content = message["data"].split(b"|", 2)
            if whom == b"phone" and name.decode() in self.phones:
                self.phones[name.decode()].put_nowait(content)
            if whom == b"page" and (page := self.pages.pop(name.decode(), None)):
                page.set_result(True)

    async def enrol(self, serial: str, key: str) -> dict[str, Any]:
        await self.pool.execute("INSERT INTO device VALUES ($1, $2)", serial, bytes.fromhex(key))
        return {"ok": True}

    async def begin(self, serial: str) -> dict[str, Any]:
        challenge = secrets.token_urlsafe(32)
        await self.pool.execute(
            "INSERT INTO challenge (id, serial) VALUES ($1, $2)", challenge, serial
        )
        await self.redis.publish("bell", f"phone|{serial}|{challenge}")
        return {"challenge": challenge}

    async def answer(self, serial: str, challenge: str, sig: str) -> dict[str, Any]:
        key = await self.pool.fetchval("SELECT key FROM device WHERE serial = $1", serial)
        if not signed(bytes(key), challenge, sig):
            return {"ok": False}
        done = await self.pool.execute(
            "UPDATE challenge SET state = 1, answered = now() WHERE id = $1 AND state = 0",
            challenge,
        )
        await self.redis.publish("bell", f"page|{challenge}|")
        return {"ok": done == "UPDATE 1"}

    async def wait(self, challenge: str) -> dict[str, Any]:
        page = self.pages.setdefault(challenge, asyncio.get_running_loop().create_future())
        if await self.pool.fetchval("SELECT state FROM challenge WHERE id = $1", challenge) != 1:
            await page
        self.pages.pop(challenge, None)
        return {"ok": True}

    async def finish(self, challenge: str) -> dict[str, Any]:
        done = await self.pool.execute(
            "UPDATE challenge SET state = 2, used = now() WHERE id = $1 AND state = 1", challenge
        )
        return {"ok": done == "UPDATE 1"}


site = Site()
CALLS: dict[str, Any] = {"/enrol": site.enrol, "/begin": site.begin, "/answer": site.answer,
         "/wait": site.wait, "/finish": site.finish}  # fmt: skip


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await site.start()
    if scope["type"] == "websocket":
        await phone(scope, receive, send)
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    content = json.dumps(await CALLS[scope["path"]](**json.loads(body))).encode()
    length = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": content})


async def lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def phone(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    serial = scope["path"].rpartition("/")[2]
    questions = site.phones[serial] = asyncio.Queue()
    await send({"type": "websocket.accept"})
    gone = asyncio.ensure_future(receive())
    while True:
        question = asyncio.ensure_future(questions.get())
        await asyncio.wait({question, gone}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            question.cancel()
            return
        await send({"type": "websocket.send", "text": question.result().decode()})
