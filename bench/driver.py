"""Drives the same sign-in against every product: one step after the other, as fast as each allows.

No step asks in vain, which flatters a product that has to be polled. What the phone computes is
left out of the time: it is the phone's work.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.figures import Meter, in_ms

now = time.perf_counter


class Product(Protocol):
    """How the driver talks to one product; `person` is the product's own object."""

    @property
    def people(self) -> Sequence[Any]: ...

    async def prepare(self, person: Any, journeys: int) -> None: ...

    async def begin(self, person: Any) -> None:
        """The password was right: ask the phone."""

    async def phone_hears(self, person: Any) -> Any:
        """The question, as the phone has it."""

    def phone_signs(self, person: Any, question: Any) -> Any:
        """The phone's own computing."""

    async def phone_answers(self, person: Any, signed: Any) -> None: ...

    async def page_hears(self, person: Any) -> None:
        """The page that waits knows that it is answered."""

    async def finish(self, person: Any) -> None:
        """The last word: signed in."""

    async def close(self) -> None: ...


@dataclass
class Times:
    """Seconds of each journey: until the phone had the question, until the page knew, and whole."""

    asked: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)


async def journey(product: Product, person: Any, times: Times) -> None:
    began = now()
    await product.begin(person)
    question = await product.phone_hears(person)
    asked = now()
    signed = product.phone_signs(person, question)
    ready = now()
    await product.phone_answers(person, signed)
    await product.page_hears(person)
    told = now()
    await product.finish(person)
    times.asked.append(asked - began)
    times.told.append(told - ready)
    times.whole.append(now() - began - (ready - asked))


async def drive(
    product: Product, people: int, journeys: int, roots: Mapping[str, int]
) -> dict[str, Any]:
    """`people` at once, `journeys` each; what it took."""
    crowd = product.people[:people]
    for person in crowd:
        await product.prepare(person, journeys)
    times = Times()

    async def live(person: Any) -> None:
        for _ in range(journeys):
            try:
                await asyncio.wait_for(journey(product, person, times), 60)
            except Exception as error:  # noqa: BLE001 - every product fails in its own way
                times.failures[repr(error)[:200]] += 1

    meter = Meter(roots)
    await asyncio.gather(*map(live, crowd))
    gone, cpu = meter.stop()
    done = max(1, len(times.whole))
    return {
        "people": people,
        "journeys": len(times.whole),
        "per_second": round(len(times.whole) / gone, 2),
        "asked_ms": in_ms(times.asked),
        "told_ms": in_ms(times.told),
        "whole_ms": in_ms(times.whole),
        "samples_ms": [round(1000 * value, 2) for value in times.whole],
        "cpu_ms": round(1000 * sum(cpu.values()) / done, 2),
        "cpu_ms_by_process": {name: round(1000 * used / done, 2) for name, used in cpu.items()},
        "failures": dict(times.failures),
    }


async def at_their_intervals(product: Product, people: int, journeys: int) -> dict[str, Any]:
    """The same where phone and page poll as their makers set them: 3 s, and 4, 3, 2, 2, ... s.

    A product that is rung has no interval, and `drive` is its real life.
    """
    chance, whole = random.Random(7), []

    async def live(person: Any) -> None:
        for _ in range(journeys):
            began = now()
            await product.begin(person)
            answered = asyncio.create_task(phone(person, chance.uniform(0, 3)))
            pauses = iter((4.0, 3.0))
            while True:
                await asyncio.sleep(next(pauses, 2.0))
                if answered.done():
                    await product.page_hears(person)
                    break
            await product.finish(person)
            whole.append(now() - began)

    async def phone(person: Any, phase: float) -> None:
        await asyncio.sleep(phase)
        question = await product.phone_hears(person)
        await product.phone_answers(person, product.phone_signs(person, question))

    crowd = product.people[:people]
    for person in crowd:
        await product.prepare(person, journeys)
    await asyncio.gather(*map(live, crowd))
    return {"people": people, "journeys": len(whole), "whole_ms": in_ms(whole)}
