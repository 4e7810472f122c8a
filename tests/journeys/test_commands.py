"""Commands beside a running server: what they do reaches the devices that are connected to it."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from devices.protocol import CloseCode
from tests.journeys.browser import Browser
from tests.journeys.wire import DeviceSocket, connected, sign_up_and_link
from tests.services.server import ROOT, ServerProcess

PASSWORD = "correct horse battery"


@contextmanager
def person(server: ServerProcess, login_id: str) -> Iterator[DeviceSocket]:
    """The connected device of a new person."""
    with closing(Browser(server.origin)) as browser:
        device = sign_up_and_link(browser, login_id, PASSWORD)
    with connected(server.origin, device) as socket:
        yield socket


@contextmanager
def asking(server: ServerProcess, login_id: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`send_challenge` at work, and the number that it shows."""
    with subprocess.Popen(
        [sys.executable, "manage.py", "send_challenge", login_id],
        cwd=ROOT,
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process, re.sub(r"\D", "", process.stdout.readline())


def test_d42_a_device_that_a_command_revokes_is_thrown_out_of_its_socket(
    server: ServerProcess,
) -> None:
    with person(server, "revoked@example.org") as socket:
        done = server.manage("devices", "revoke", "revoked@example.org", "--json")
        assert done.returncode == 0, done.stderr
        assert [row["login"] for row in json.loads(done.stdout)] == ["revoked@example.org"]
        assert socket.closed_with() == CloseCode.REVOKED


def test_d100_the_server_seals_the_log_by_itself(server: ServerProcess) -> None:
    with person(server, "sealed@example.org"):
        pass
    deadline, told = time.monotonic() + 30, {"links": 0}
    while told["links"] < 4 and time.monotonic() < deadline:
        verified = server.manage("audit", "verify", "--json")
        told = json.loads(verified.stdout)
    assert (verified.returncode, told["whole"]) == (0, True)
    listed = server.manage(
        "audit", "list", "--account", "sealed@example.org", "--kind", "signed_up"
    )
    assert "signed_up  sealed@example.org" in listed.stdout


@pytest.mark.parametrize(("decision", "code"), [("approve", 0), ("deny", 1), ("report", 1)])
def test_send_challenge_reaches_a_connected_device_and_ends_with_its_answer(
    server: ServerProcess, decision: str, code: int
) -> None:
    login_id = f"{decision}@example.org"
    with person(server, login_id) as socket, asking(server, login_id) as (command, number):
        asked = socket.hear()
        assert json.loads(asked["context"])["service"] == "Command line"
        socket.answer(decision, number if decision == "approve" else "", asked)
        assert command.wait(10) == code


def test_an_interrupted_send_challenge_takes_its_question_back(server: ServerProcess) -> None:
    with (
        person(server, "interrupted@example.org") as socket,
        asking(server, "interrupted@example.org") as (command, _),
    ):
        challenge = socket.hear()["challenge"]
        command.send_signal(signal.SIGINT)
        assert socket.hear() == {"t": "closed", "challenge": challenge, "state": "cancelled"}
        assert command.wait(10) == 130
        assert "Traceback" not in (command.stderr.read() if command.stderr else "")
