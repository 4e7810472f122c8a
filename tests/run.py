"""Runs all tests, in as many processes as they need and the machine has cores, and adds up.

Playwright and pytest-asyncio each want the event loop of a process for themselves, and Django
knows one database a process: so the tests run in legs. What a leg prints is shown when it ends.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.services import postgresql
from tests.services.processes import MissingProgramError

NO_TESTS_COLLECTED = 5
COVERAGE = [sys.executable, "-m", "coverage"]


@dataclass(frozen=True)
class Leg:
    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    needs: Callable[[], object] = lambda: None


def all_but(*folders: str) -> list[str]:
    """A folder that is named nowhere still runs."""
    return ["tests", *(f"--ignore=tests/{folder}" for folder in folders)]


ON_POSTGRESQL = {"KAUTH_TEST_DATABASE": "postgresql"}
BROWSER = "browser"
SERVERS = ("faults", "journeys", "races", "services")
# The longest first, so that the cores are done at about the same time.
LEGS = [
    # Playwright's loop runs in the test's own thread, and Django takes that for async code.
    Leg("in Chromium", [f"tests/{BROWSER}"], {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}),
    Leg("of the apps", all_but(BROWSER, *SERVERS)),
    Leg("of races and whole servers", [f"tests/{name}" for name in SERVERS]),
    Leg(
        "of races, on PostgreSQL",
        [*all_but(BROWSER), "-m", "both_databases or only_postgresql"],
        ON_POSTGRESQL,
        needs=postgresql.program,
    ),
]
FULL = [
    Leg("of the apps, on PostgreSQL", all_but(BROWSER, *SERVERS), ON_POSTGRESQL),
    *LEGS[2:],
]


class Run:
    """All legs of one call, as many at once as there are cores."""

    def __init__(self, *, measured: bool, arguments: list[str]) -> None:
        python = [*COVERAGE, "run"] if measured else [sys.executable]
        self.command = [*python, "-m", "pytest", "-q", "-rs"]
        self.arguments = arguments
        self.processes: list[subprocess.Popen[bytes]] = []
        self.stopped = False

    def all(self, legs: list[Leg]) -> list[tuple[int, Counter[str]]]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                return list(pool.map(self.if_possible, legs))
            except KeyboardInterrupt:
                self.stopped = True
                for process in self.processes:
                    process.send_signal(signal.SIGTERM)  # it stops the services that it started
                raise

    def if_possible(self, leg: Leg) -> tuple[int, Counter[str]]:
        """Without its service a leg is skipped by name; on CI, where nothing may be, it fails."""
        try:
            leg.needs()
        except MissingProgramError as error:
            print(f"\n=== Tests {leg.name}: not run. {error}", flush=True)
            if os.environ.get("CI") == "true":
                return 1, Counter(errors=1)
            return 0, Counter(skipped=1)
        return self.one(leg)

    def one(self, leg: Leg) -> tuple[int, Counter[str]]:
        """The exit code of pytest, and how its tests ended."""
        if self.stopped:
            return 1, Counter()
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            report, output = Path(folder) / "report.xml", Path(folder) / "output"
            with output.open("wb") as written:
                process = subprocess.Popen(
                    [*self.command, f"--junit-xml={report}", *leg.arguments, *self.arguments],
                    env=os.environ | leg.environment,
                    stdout=written,
                    stderr=subprocess.STDOUT,
                )
                self.processes.append(process)
                code = process.wait()
            took = time.monotonic() - started
            text = output.read_text(encoding="utf-8", errors="replace")
            print(f"\n=== Tests {leg.name}, {took:.0f} seconds\n{text}", flush=True)
            return code, count(report)


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    measured, full = arguments[:1] == ["--coverage"], arguments[:1] == ["--full"]
    if measured:
        subprocess.run([*COVERAGE, "erase"], check=True)
    started = time.monotonic()
    print("Running the tests; each leg shows its output when it ends.", flush=True)
    try:
        run = Run(measured=measured, arguments=arguments[measured or full :])
        results = run.all(FULL if full else LEGS)
    except KeyboardInterrupt:
        sys.exit("Stopped.")
    if measured:
        report_coverage()
    totals = sum((counts for _, counts in results), Counter[str]())
    print(f"\nAll tests took {time.monotonic() - started:.0f} seconds.")
    bad = totals["failures"] + totals["errors"]
    print(f"{totals['passed']} passed, {bad} failed, {totals['skipped']} skipped")
    green = all(code in (0, NO_TESTS_COLLECTED) for code, _ in results)
    return 0 if green and totals["passed"] else 1


def count(report: Path) -> Counter[str]:
    totals = Counter[str]()
    if report.exists():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            totals += Counter(
                {
                    name: int(suite.get(name, 0))
                    for name in ("tests", "failures", "errors", "skipped")
                }
            )
    totals["passed"] = totals["tests"] - sum(totals[n] for n in ("failures", "errors", "skipped"))
    return totals


def report_coverage() -> None:
    subprocess.run([*COVERAGE, "combine", "--quiet"], check=False)
    subprocess.run([*COVERAGE, "report"], check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
