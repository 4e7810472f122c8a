"""The floors: what one commit and one hop cost here, and the driver's view of the two sites."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import redis
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bench.environments import made
from bench.figures import percentile
from bench.floors import SCHEMA
from bench.site import ROOT, Stores
from deploy.local import processes
from deploy.local.processes import Program

FLOORS = Path(__file__).resolve().parent / "floors"
ROUNDS = 400


def commit_seconds(around: Stores) -> float:
    """The median of one INSERT with its commit, synced to the disk."""
    with psycopg.connect(around.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS commits (n int)")
        took = []
        for number in range(ROUNDS):
            began = time.perf_counter()
            connection.execute("INSERT INTO commits VALUES (%s)", (number,))
            took.append(time.perf_counter() - began)
    return percentile(took, 0.5)


def hop_seconds(around: Stores) -> float:
    """The median from PUBLISH to the subscriber, both in Python."""
    publisher = redis.Redis.from_url(around.redis_url)
    subscriber = redis.Redis.from_url(around.redis_url).pubsub()  # type: ignore[no-untyped-call]
    subscriber.subscribe("hop")
    subscriber.get_message(timeout=5)
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        publisher.publish("hop", b"x" * 100)
        assert subscriber.get_message(timeout=5)
        took.append(time.perf_counter() - began)
    return percentile(took, 0.5)


@dataclass
class Phone:
    serial: str
    key: ec.EllipticCurvePrivateKey
    socket: aiohttp.ClientWebSocketResponse | None = None
    page: asyncio.Task[Any] | None = None
    challenge: str = ""


class Floor:
    """Either floor for the driver; `rung` is the one whose page holds a socket."""

    def __init__(self, address: str, people: int, *, rung: bool) -> None:
        self.address, self.rung = address, rung
        self.people = [
            Phone(f"f{number}", ec.generate_private_key(ec.SECP256R1())) for number in range(people)
        ]
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def enrol(self) -> None:
        for phone in self.people:
            public = phone.key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            await self._call("enrol", serial=phone.serial, key=public.hex())

    async def prepare(self, phone: Phone, journeys: int) -> None:
        if phone.socket is None:
            phone.socket = await self._socket(f"/phone/{phone.serial}")

    async def begin(self, phone: Phone) -> None:
        phone.challenge = (await self._call("begin", serial=phone.serial))["challenge"]
        # As a page does: it begins to wait while the phone is asked.
        phone.page = asyncio.create_task(
            self._socket(f"/page/{phone.challenge}")
            if self.rung
            else self._call("wait", challenge=phone.challenge)
        )

    async def phone_hears(self, phone: Phone) -> str:
        assert phone.socket is not None
        return str(await phone.socket.receive_str(timeout=30))

    def phone_signs(self, phone: Phone, question: str) -> str:
        return phone.key.sign(question.encode(), ec.ECDSA(hashes.SHA256())).hex()

    async def phone_answers(self, phone: Phone, signed: str) -> None:
        await self._call("answer", serial=phone.serial, challenge=phone.challenge, sig=signed)

    async def page_hears(self, phone: Phone) -> None:
        assert phone.page is not None
        page = await phone.page
        if not self.rung:
            return
        while not (await self._call("state", challenge=phone.challenge))["ok"]:
            await page.receive(timeout=30)
        await page.close()

    async def finish(self, phone: Phone) -> None:
        assert (await self._call("finish", challenge=phone.challenge))["ok"]

    async def close(self) -> None:
        await self.http.close()

    async def _socket(self, path: str) -> aiohttp.ClientWebSocketResponse:
        return await self.http.ws_connect(self.address + path, compress=0)

    async def _call(self, verb: str, **content: str) -> dict[str, Any]:
        async with self.http.post(f"{self.address}/{verb}", data=json.dumps(content)) as answer:
            found: dict[str, Any] = await answer.json(content_type=None)
            return found


@contextmanager
def running(around: Stores, name: str) -> Iterator[tuple[str, dict[str, int]]]:
    """The address and the process of the floor `asgi` or `django_channels`."""
    port = processes.free_port()
    database = around.database(f"floor_{name}_{port}")
    around.sql(SCHEMA, database=f"floor_{name}_{port}")
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "FLOOR_DATABASE": database,
        "FLOOR_REDIS": around.redis_url,
    }
    if name == "asgi":
        folder = made("floor", requirements=FLOORS / "requirements.txt")
        command = [str(folder / "bin" / "uvicorn"), "--port", str(port), "--workers", "1"]
        command += ["--log-level", "warning", "--no-access-log", "bench.floors.asgi:app"]
    else:
        command = [sys.executable, "-m", "daphne", "-v", "0", "-p", str(port)]
        command += ["bench.floors.django_channels:application"]
    with processes.private_folder() as folder:
        program = Program(
            "floor",
            command,
            folder=folder,
            ready=lambda: processes.answers(port),
            cwd=ROOT,
            environment=environment,
        )
        program.start()
        try:
            yield f"http://127.0.0.1:{port}", {"floor": program.running.pid}
        finally:
            program.stop()
