"""The examples for systemd and for containers. No container runs here: what can be read is read."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from deploy.local import processes
from tests.services.available import available_or_said
from tests.services.server import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMPOSE: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    with available_or_said():
        program = processes.find("systemd-analyze", package="systemd")
    for unit in UNITS:
        text = unit.read_text().replace("/srv/kauth", str(ROOT)).replace("User=kauth\n", "")
        (tmp_path / unit.name.replace("@", "@8101")).write_text(text)
    units = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run(
        [program, "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", [u for u in UNITS if u.suffix == ".service"], ids=lambda u: u.name)
def test_every_service_is_confined(unit: Path) -> None:
    for line in ("User=kauth", "ProtectSystem=strict", "NoNewPrivileges=yes", "UMask=0077"):
        assert line in unit.read_text().splitlines()


def variables_of(text: str) -> set[str]:
    return set(re.findall(r"\b(KAUTH_[A-Z_]+|DATABASE_URL|REDIS_URL)\b", text))


def test_every_variable_of_the_examples_is_one_of_ours() -> None:
    known = variables_of((ROOT / ".env.example").read_text())
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and "local" not in path.parts]
    named = set().union(
        *(variables_of(path.read_text()) for path in files if path.suffix != ".pyc")
    )
    assert named - known == set()


def test_what_the_image_takes_from_the_project_is_there_and_holds_no_secret() -> None:
    taken = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.M)
    names = [name for line in taken for name in line.split()]
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert {"var", ".", ".env"} & {name.rstrip("/") for name in names} == set()
    apps = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "deploy", "tests"}
    assert apps <= {name.rstrip("/") for name in names}


def test_the_image_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (\S+)$", CONTAINERFILE, re.M)[-1] == "kauth"


OURS = ["prepare", "pages", "sockets-1", "sockets-2", "worker", "push", "beat"]


@pytest.mark.parametrize("name", OURS)
def test_every_container_of_ours_is_confined(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service


def test_every_queue_has_a_worker_in_each_example() -> None:
    systemd = " ".join(unit.read_text() for unit in UNITS)
    compose = " ".join(str(one.get("command")) for one in COMPOSE["services"].values())
    for text in (systemd, compose):
        served = re.findall(r"--queues[ ',]+(\w+)", text)
        assert sorted(served) == sorted(settings.CELERY_TASK_QUEUES)


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["proxy"]


def test_no_password_stands_in_the_compose_file() -> None:
    settings = [one.get("environment", {}) for one in COMPOSE["services"].values()]
    values = [
        v for one in settings for name, v in one.items() if "PASSWORD" in name or "URL" in name
    ]
    assert values
    assert [value for value in values if "${" not in value] == []
