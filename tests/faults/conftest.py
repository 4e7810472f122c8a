"""The short form of these tests is part of `make test`; `make test-faults` runs them all."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import usage
from tests.faults.findings import FINDINGS, Findings
from tests.services import population
from tests.services.full import Full
from tests.services.population import Person

HERE = Path(__file__).parent
LONG = os.environ.get("FAULTS") == "long"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    too_long = []
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)
            if not LONG and item.get_closest_marker("long"):
                too_long.append(item)
    if too_long:
        config.hook.pytest_deselected(items=too_long)
        items[:] = [item for item in items if item not in too_long]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if FINDINGS.lines:
        terminalreporter.section("what was seen of the faults")
        for line in FINDINGS.lines:
            terminalreporter.write_line(line)


class Supply:
    """People who have done nothing yet, and one with backup codes, who may come again."""

    def __init__(self, people: list[Person]) -> None:
        self.careful, *self._others = people

    def take(self, count: int) -> list[Person]:
        return [self._others.pop() for _ in range(count)]

    def one(self) -> Person:
        return self._others.pop()


@pytest.fixture(scope="session")
def supply(full_site: Full) -> Supply:
    return Supply(population.made(full_site.site, 100, "fault"))


@pytest.fixture(scope="session")
def findings() -> Findings:
    return FINDINGS


@pytest.fixture(scope="package", autouse=True)
def before_and_after(full_site: Full, supply: Supply, findings: Findings) -> Iterator[None]:
    """After all faults the site holds no more connections and memory than before."""
    before = usage.of(full_site)
    yield
    findings.note("before all faults", str(before))
    findings.note("after all faults", str(usage.back_to_normal(full_site, before)))
