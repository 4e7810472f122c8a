"""`make bench`: measures everything in one run and writes the table. `--quick` is a short look."""

import argparse
import asyncio
import resource
import statistics
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from bench import counting, floor, idle, peer, results, site, size
from bench.driver import Product, at_their_intervals, drive
from bench.figures import machine
from bench.kauth import KAuth
from bench.results import Row, at_least, at_most
from bench.site import Site, Stores

Make = Callable[[], Awaitable[Product]]


@dataclass(frozen=True)
class Plan:
    rounds: int = 3
    crowds: tuple[int, ...] = (1, 4, 16, 64)
    # A device that says more than 30 things in 10 s is thrown out of its socket.
    journeys: tuple[int, ...] = (25, 15, 8, 3)
    # The peers take a third of a second each, and seconds when many ask.
    peer_journeys: tuple[int, ...] = (10, 4, 2, 1)
    idle: tuple[int, ...] = (1_000, 5_000, 10_000)
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    overdue: int = 100_000
    peers: tuple[peer.Kind, ...] = (peer.PRIVACYIDEA, peer.EDUMFA)

    def in_words(self) -> str:
        crowds = ", ".join(map(str, self.crowds))
        return f"{self.rounds} rounds; {crowds} people at once"


QUICK = Plan(
    rounds=1, crowds=(1, 16), journeys=(20, 4), peer_journeys=(5, 1), idle=(500,),
    sizes=(1_000, 10_000), overdue=5_000, peers=(peer.PRIVACYIDEA,),
)  # fmt: skip


@dataclass
class Contestant:
    name: str
    make: Make
    roots: dict[str, int]
    journeys: tuple[int, ...]
    polls: bool = False
    figures: list[dict[str, Any]] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look; results are not kept")
    quick = parser.parse_args().quick
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with site.stores() as around:
        rows, measured = asyncio.run(measure(around, QUICK if quick else Plan()))
    for row in rows:
        print(f"{row.figure:<60} {row.value:>10g} {row.unit:<12} {row.wanted:<16} {row.reached}")
    if not quick:
        results.write(rows, measured)


async def measure(around: Stores, plan: Plan) -> tuple[list[Row], dict[str, Any]]:
    measured: dict[str, Any] = {"machine": machine(), "plan": plan.in_words()}
    measured["commit"], measured["hop"] = floor.commit_seconds(around), floor.hop_seconds(around)
    with ExitStack() as stack:
        ours = stack.enter_context(site.running(around))
        known = ours.people(max(plan.crowds))
        contestants = [*start(stack, around, ours, known, plan)]
        for number in range(plan.rounds):
            for crowd in range(len(plan.crowds)):
                for one in contestants:
                    print(
                        f"round {number + 1}: {one.name}, {plan.crowds[crowd]} at once", flush=True
                    )
                    await sample(one, plan.crowds[crowd], one.journeys[crowd])
        measured["intervals"] = {
            one.name: await in_real_life(one) for one in contestants if one.polls
        }
        measured["journeys"] = {one.name: merged(one, plan.crowds) for one in contestants}
    measured["samples"] = {
        name: figures[0].pop("samples_ms") for name, figures in measured["journeys"].items()
    }
    with site.running(around, "alone") as ours:
        await alone(measured, ours, around, plan)
    return table(measured), measured


def start(
    stack: ExitStack, around: Stores, ours: Site, known: list[dict[str, Any]], plan: Plan
) -> list[Contestant]:
    """Everybody, running side by side: what drifts hits all alike."""
    crowd = max(plan.crowds)

    async def kauth() -> Product:
        return KAuth(ours, known)

    found = [Contestant("kAuth", kauth, {**ours.roots, **around.roots}, plan.journeys)]
    for name, title in (("asgi", "bare ASGI"), ("django_channels", "Django and Channels")):
        address, roots = stack.enter_context(floor.running(around, name))
        make = floor_maker(address, crowd, rung=name != "asgi")
        found.append(Contestant(title, make, {**roots, **around.roots}, plan.journeys))
    for kind in plan.peers:
        for tuned in (False, True):
            address, roots, phones = stack.enter_context(
                peer.running(around, kind, crowd, tuned=tuned)
            )
            title = f"{kind.name} {kind.version}{', tuned' if tuned else ''}"
            make = peer_maker(kind, address, phones)
            roots = {**roots, **around.roots}
            found.append(Contestant(title, make, roots, plan.peer_journeys, polls=True))
    return found


def floor_maker(address: str, crowd: int, *, rung: bool) -> Make:
    kept: list[floor.Floor] = []

    async def make() -> Product:
        fresh = floor.Floor(address, crowd, rung=rung)
        if kept:
            for mine, enrolled in zip(fresh.people, kept[0].people, strict=True):
                mine.serial, mine.key = enrolled.serial, enrolled.key
        else:
            await fresh.enrol()
            kept.append(fresh)
        return fresh

    return make


def peer_maker(kind: peer.Kind, address: str, phones: list[dict[str, Any]]) -> Make:
    async def make() -> Product:
        return peer.Peer(kind, address, phones)

    return make


async def sample(one: Contestant, people: int, journeys: int) -> None:
    product = await one.make()
    try:
        one.figures.append(await drive(product, people, journeys, one.roots))
    finally:
        await product.close()


async def in_real_life(one: Contestant) -> dict[str, Any]:
    product = await one.make()
    try:
        return await at_their_intervals(product, 4, 3)
    finally:
        await product.close()


def merged(one: Contestant, crowds: tuple[int, ...]) -> list[dict[str, Any]]:
    """The round in the middle, by its median journey, for each size of the crowd."""
    found = []
    for people in crowds:
        rounds = sorted(
            (f for f in one.figures if f["people"] == people), key=lambda f: f["whole_ms"]["p50"]
        )
        middle = dict(rounds[len(rounds) // 2])
        middle["cpu_ms"] = statistics.median(f["cpu_ms"] for f in rounds)
        middle["per_second"] = statistics.median(f["per_second"] for f in rounds)
        found.append(middle)
    return found


async def alone(measured: dict[str, Any], ours: Site, around: Stores, plan: Plan) -> None:
    """What is measured of kAuth with nobody beside it."""
    known = ours.people(1)
    measured["hash_ms"] = counting.password_hash_ms(ours)
    measured["claim_ms"] = counting.claim_ms(ours)
    measured["writes"] = await counting.writes(ours, around, known, 20)
    print("idle devices", flush=True)
    bare = ours.people(max(plan.idle), bare=True)
    measured["idle"] = await idle.devices(ours, bare, list(plan.idle))
    measured["channels_kib"] = await idle.channels_floor(around, min(5_000, max(plan.idle)))
    print("growth", flush=True)
    measured["growth"] = await size.growth(ours, known, list(plan.sizes), 25)
    print("sweep", flush=True)
    measured["sweep"] = await size.sweep(ours, around, known, plan.overdue, 15)


def table(measured: dict[str, Any]) -> list[Row]:
    journeys, unit_f = measured["journeys"], 3 * measured["commit"] + 2 * measured["hop"]
    ours, asgi = journeys["kAuth"], journeys["bare ASGI"]
    peers = {name: figures for name, figures in journeys.items() if name in measured["intervals"]}
    best = min(peers.values(), key=lambda figures: figures[0]["whole_ms"]["p50"])
    most = max(peers.values(), key=lambda figures: at(figures, 16)["per_second"])
    calls_pi = [f for name, f in peers.items() if name.startswith("privacyidea")]
    first, many = ours[0]["whole_ms"], at(ours, 16)
    real = min(one["whole_ms"]["p50"] for one in measured["intervals"].values())
    return [
        Row("F: three commits and two hops", round(1000 * unit_f, 2), "ms"),
        Row("P: best peer, journey p50, one person", best[0]["whole_ms"]["p50"], "ms"),
        Row("journey p50, one person", first["p50"], "ms"),
        at_most("journey p50 / F", first["p50"] / (1000 * unit_f), 6, "x"),
        at_least("faster than P", best[0]["whole_ms"]["p50"] / first["p50"], 10, "x"),
        at_most("journey p95 / p50", first["p95"] / first["p50"], 2, "x"),
        at_most("CPU per journey / bare ASGI, 16 people",
                many["cpu_ms"] / at(asgi, 16)["cpu_ms"], 3.5, "x"),
        at_most("CPU per journey / privacyIDEA's, 16 people",
                many["cpu_ms"] / min(at(f, 16)["cpu_ms"] for f in calls_pi), round(1 / 15, 3), "x"),
        at_least("journeys per second / P's, 16 people",
                 many["per_second"] / at(most, 16)["per_second"], 15, "x"),
        at_least("faster than P in real use", real / first["p50"], 80, "x",
                 "peers poll at their apps' intervals"),
        at_most("write transactions per journey", measured["writes"]["write_transactions"], 4, ""),
        at_most("rows written per journey", measured["writes"]["rows_written"], 6, ""),
        *idle_rows(measured),
        at_most("a device claims a link", measured["claim_ms"], 20, "ms"),
        *size_rows(measured),
        Row("password hash (one sign-in pays one)", measured["hash_ms"], "ms CPU"),
    ]  # fmt: skip


def idle_rows(measured: dict[str, Any]) -> list[Row]:
    rows = [
        Row(f"{one['devices']} idle devices: memory each", one["kib_per_device"], "KiB",
            note=f"all connected after {one['connect_seconds']} s, one rung in "
                 f"{one['ring_ms']} ms, CPU {one['cpu_percent_of_a_core']} % of a core")
        for one in measured["idle"]
    ]  # fmt: skip
    middle = measured["idle"][len(measured["idle"]) // 2]
    return [
        *rows,
        at_most("memory per idle device / bare Channels consumer",
                middle["kib_per_device"] / measured["channels_kib"], 1.25, "x"),
        at_most(f"CPU with {middle['devices']} idle devices",
                middle["cpu_percent_of_a_core"], 2, "% of a core"),
    ]  # fmt: skip


def size_rows(measured: dict[str, Any]) -> list[Row]:
    grown, swept = measured["growth"], measured["sweep"]
    return [
        at_most(f"journey at {grown[-1]['accounts']} accounts / at {grown[0]['accounts']}",
                grown[-1]["whole_ms"]["p50"] / grown[0]["whole_ms"]["p50"], 1.1, "x"),
        at_most(f"sweep of {swept['overdue']}", swept["seconds"], 10, "s"),
        at_most("sign-in during the sweep / before", swept["slower"], 1.5, "x"),
    ]  # fmt: skip


def at(figures: list[dict[str, Any]], people: int) -> dict[str, Any]:
    return next(one for one in figures if one["people"] == people)


if __name__ == "__main__":
    main()
