"""The table of a run: `results.json` and `RESULTS.md`, with its pictures beside them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import pictures

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Row:
    """One figure of the table; `reached` is None where nothing is wanted of it."""

    figure: str
    value: float
    unit: str
    wanted: str = ""
    reached: bool | None = None
    note: str = ""


def at_most(figure: str, value: float, most: float, unit: str, note: str = "") -> Row:
    return Row(figure, round(value, 3), unit, f"at most {most:g}", value <= most, note)


def at_least(figure: str, value: float, least: float, unit: str, note: str = "") -> Row:
    return Row(figure, round(value, 3), unit, f"at least {least:g}", value >= least, note)


def write(rows: list[Row], measured: dict[str, Any]) -> None:
    whole = {"machine": measured["machine"], "rows": [asdict(row) for row in rows]}
    (FOLDER / "results.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    (FOLDER / "RESULTS.md").write_text(_page(rows, measured))
    (FOLDER / "latency.svg").write_text(pictures.latency(measured["samples"]))
    cost = pictures.idle_cost(measured["idle"], measured["channels_kib"])
    (FOLDER / "idle.svg").write_text(cost)


def _page(rows: list[Row], measured: dict[str, Any]) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in measured["machine"].items())
    verdicts = {True: "reached", False: "**not reached**", None: ""}
    lines = [
        "# Results",
        "",
        f"One run of `make bench` on: {machine}. How to read it is in [README.md](README.md).",
        f"Its plan: {measured['plan']}.",
        "",
        "| figure | value | unit | wanted | | note |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.figure} | {row.value:g} | {row.unit} | {row.wanted} "
        f"| {verdicts[row.reached]} | {row.note} |"
        for row in rows
    ]
    lines += [
        "",
        "![Latency of whole journeys](latency.svg)",
        "",
        "![Memory of idle devices](idle.svg)",
        "",
        "## Journeys",
        "",
        *_journeys(measured),
        "",
        "## The peers at the intervals of their own apps",
        "",
        *_intervals(measured),
        "",
        "## Growth",
        "",
        *_growth(measured),
        "",
        "## Sweep",
        "",
        _sweep(measured["sweep"]),
    ]
    return "\n".join(lines) + "\n"


def _journeys(measured: dict[str, Any]) -> list[str]:
    lines = [
        (
            "| product | people | journeys/s | whole p50 / p95 / p99 ms | asked p50 | told p50 "
            "| CPU ms | by process |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for product, figures in measured["journeys"].items():
        for one in figures:
            whole, by = one["whole_ms"], one["cpu_ms_by_process"]
            lines.append(
                f"| {product} | {one['people']} | {one['per_second']} "
                f"| {whole['p50']} / {whole['p95']} / {whole['p99']} "
                f"| {one['asked_ms']['p50']} | {one['told_ms']['p50']} | {one['cpu_ms']} "
                f"| {', '.join(f'{name} {ms}' for name, ms in by.items())} |"
            )
    return lines


def _intervals(measured: dict[str, Any]) -> list[str]:
    lines = ["| product | people | whole p50 / p95 ms |", "|---|---|---|"]
    for product, one in measured["intervals"].items():
        whole = one["whole_ms"]
        lines.append(f"| {product} | {one['people']} | {whole['p50']} / {whole['p95']} |")
    return lines


def _growth(measured: dict[str, Any]) -> list[str]:
    lines = ["| accounts, devices, old questions | whole p50 / p95 ms | CPU ms |", "|---|---|---|"]
    for one in measured["growth"]:
        whole = one["whole_ms"]
        lines.append(f"| {one['accounts']} | {whole['p50']} / {whole['p95']} | {one['cpu_ms']} |")
    return lines


def _sweep(swept: dict[str, Any]) -> str:
    return (
        f"{swept['overdue']} overdue questions were ended in {swept['seconds']} s. Whole journeys "
        f"took {swept['calm_ms']['p50']} ms (p50) before and {swept['meanwhile_ms']['p50']} ms "
        "meanwhile."
    )
