"""What a connected device costs that has nothing to say."""

import asyncio
import time
from typing import Any

import aiohttp

from bench import floor
from bench.figures import Meter, memory_mib
from bench.kauth import KAuth, Person
from bench.site import Site, Stores

# What connecting left to be done is over then; each device is pinged once in a round.
CALM_SECONDS = 10
ROUND_SECONDS = 30
KIB = 1024


async def devices(
    site: Site, known: list[dict[str, Any]], steps: list[int]
) -> list[dict[str, Any]]:
    """For each number in `steps`: memory and CPU of the process with the sockets, and how long
    it took to connect them all and to ring one.
    """
    product = KAuth(site, known)
    rows, roots = [], {"sockets": site.roots["sockets-1"]}
    listening: list[asyncio.Task[dict[str, Any]]] = []
    empty = memory_mib(site.roots["sockets-1"])
    try:
        for count in steps:
            behind = [person for person in product.people[:count] if person.socket is None]
            began = time.perf_counter()
            await asyncio.gather(*map(product.connect, behind))
            took = time.perf_counter() - began
            listening += [
                asyncio.create_task(product.phone_hears(person, patience=None)) for person in behind
            ]
            await asyncio.sleep(CALM_SECONDS)
            meter = Meter(roots)
            await asyncio.sleep(ROUND_SECONDS)
            gone, cpu = meter.stop()
            # The last one that came has heard nothing yet.
            rung = await ring_seconds(site, product.people[count - 1], listening[-1])
            grown = memory_mib(site.roots["sockets-1"]) - empty
            rows.append(
                {
                    "devices": count,
                    "connect_seconds": round(took, 2),
                    "ring_ms": round(1000 * rung, 1),
                    "kib_per_device": round(KIB * grown / count, 1),
                    "cpu_percent_of_a_core": round(100 * cpu["sockets"] / gone, 2),
                }
            )
    finally:
        await ended(listening)
        await product.close()
    return rows


async def ended(listening: list[asyncio.Task[dict[str, Any]]]) -> None:
    """One who still listens could not be hung up in good order."""
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)


async def ring_seconds(site: Site, person: Person, hears: asyncio.Task[dict[str, Any]]) -> float:
    """From the server's wish to ask one device until that device has the question."""
    asked = asyncio.create_task(asyncio.to_thread(site.run, "-m", "bench.rings", person.login))
    await hears
    heard = time.time()
    return heard - float(await asked)


async def channels_floor(around: Stores, count: int) -> float:
    """KiB of a bare Channels consumer on the same server, each."""
    with floor.running(around, "django_channels") as (address, roots):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            await (await http.ws_connect(f"{address}/phone/first", compress=0)).close()
            empty = memory_mib(roots["floor"])
            gate, sockets = asyncio.Semaphore(15), []

            async def connect(number: int) -> None:
                async with gate:
                    sockets.append(await http.ws_connect(f"{address}/phone/n{number}", compress=0))

            await asyncio.gather(*(connect(number) for number in range(count)))
            each = KIB * (memory_mib(roots["floor"]) - empty) / count
            for socket in sockets:
                await socket.close()
    return round(each, 1)
