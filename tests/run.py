"""Runs all tests, in as many processes as they need, and adds up what they say.

Playwright and pytest-asyncio each want the event loop of a process for themselves, and Django
knows one database a process: so `make test` runs these legs one after the other.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
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


HEADLESS = ["tests", "--ignore", "tests/browser"]
LEGS = [
    Leg("without a browser", HEADLESS),
    Leg(
        "of races, on PostgreSQL",
        [*HEADLESS, "-m", "both_databases"],
        {"KAUTH_TEST_DATABASE": "postgresql"},
        needs=postgresql.program,
    ),
    # Playwright's loop runs in the test's own thread, and Django takes that for async code.
    Leg("in Chromium", ["tests/browser"], {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}),
]


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    subprocess.run([*COVERAGE, "erase"], check=True)
    started, totals, green = time.monotonic(), Counter[str](), True
    for leg in LEGS:
        print(f"\n=== Tests {leg.name}", flush=True)
        code, counts = run_if_possible(leg, arguments)
        totals.update(counts)
        green &= code in (0, NO_TESTS_COLLECTED)
    report_coverage()
    print(f"\nAll tests took {time.monotonic() - started:.0f} seconds.")
    bad = totals["failures"] + totals["errors"]
    print(f"{totals['passed']} passed, {bad} failed, {totals['skipped']} skipped")
    return 0 if green and totals["passed"] else 1


def run_if_possible(leg: Leg, arguments: list[str]) -> tuple[int, Counter[str]]:
    """Without its service a leg is skipped by name; on CI, where nothing may be, it fails."""
    try:
        leg.needs()
    except MissingProgramError as error:
        print(f"Not run. {error}")
        if os.environ.get("CI") == "true":
            return 1, Counter(errors=1)
        return 0, Counter(skipped=1)
    return run(leg, arguments)


def run(leg: Leg, arguments: list[str]) -> tuple[int, Counter[str]]:
    """The exit code of pytest, and how its tests ended."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [*COVERAGE, "run", "-m", "pytest", "-q", f"--junit-xml={report}"]
        process = subprocess.Popen(
            [*command, *leg.arguments, *arguments], env=os.environ | leg.environment
        )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGTERM)  # pytest stops the services that it started
            process.wait()
            sys.exit("Stopped.")
        return code, count(report)


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
