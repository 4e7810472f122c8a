"""The dashboard asks for numbers that kAuth has."""

import json
import re
from typing import Any

from prometheus_client import REGISTRY

import accounts.metrics  # noqa: F401 - makes the numbers known
from tests.services.server import ROOT

DASHBOARD: Any = json.loads((ROOT / "deploy" / "grafana.json").read_text())
# What the database says is there only when it is asked.
OF_THE_DATABASE = {"kauth_database_up", "kauth_requests_open", "kauth_expiry_age_seconds"}
ENDINGS = ("_total", "_bucket", "_count", "_sum")


def asked_for() -> set[str]:
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return {name for query in queries for name in re.findall(r"\bkauth_\w+", query)}


def family(name: str) -> str:
    return next((name.removesuffix(end) for end in ENDINGS if name.endswith(end)), name)


def test_every_number_on_the_dashboard_is_one_of_ours() -> None:
    ours = {one.name for one in REGISTRY.collect() if one.name.startswith("kauth_")}
    assert {family(name) for name in asked_for()} - ours == OF_THE_DATABASE


def test_no_two_panels_lie_upon_each_other() -> None:
    taken = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
