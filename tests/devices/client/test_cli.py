"""The program as it is started: arguments, streams, signals and exit codes."""

import asyncio
import os
import pty
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from devices.client import cli
from devices.client.errors import EXIT_CODES, ExitCode
from tests.devices.client.desktop import PATIENCE, next_of
from tests.software_server import SoftwareServer
from tests.software_state import LOGIN, LinkedDevice

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "devices.client"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


class Program:
    """One run of the program in a process of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.shown = ""
        self.warned = ""

    async def start(self, *arguments: str, stdin: int = PIPE) -> "Program":
        self.process: Process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            cwd=ROOT,
            env=self._environment,
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
        )
        return self

    async def shows(self, text: str) -> None:
        assert self.process.stdout is not None
        self.shown = await _until(text, self.shown, self.process.stdout)

    async def warns(self, text: str) -> None:
        assert self.process.stderr is not None
        self.warned = await _until(text, self.warned, self.process.stderr)

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def end(self) -> tuple[int | None, str]:
        """The exit code and what was written to standard error."""
        async with asyncio.timeout(PATIENCE):
            output, errors = await self.process.communicate()
        self.shown += output.decode()
        self.warned += errors.decode()
        return self.process.returncode, self.warned


async def _until(text: str, shown: str, stream: asyncio.StreamReader) -> str:
    async with asyncio.timeout(PATIENCE):
        while text not in shown:
            chunk = await stream.read(4096)
            assert chunk, f"ended without {text!r}: {shown}"
            shown += chunk.decode()
    return shown


async def linked(server: SoftwareServer, environment: dict[str, str]) -> LinkedDevice:
    server.state_of_claims = "active"
    program = await Program(environment).start("link", server.link)
    assert (await program.end())[0] == 0
    return await next_of(server.claimed)


def run(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


async def test_the_journey_from_the_link_to_the_yes(
    server: SoftwareServer, environment: dict[str, str]
) -> None:
    linking = await Program(environment).start("link", server.link)
    device = await next_of(server.connected)
    await linking.shows(f"({server.check_number})\n")
    await server.confirm(device)
    assert (await linking.end())[0] == 0
    assert device.name == socket.gethostname()[:40]
    listening = await Program(environment).start("listen", "--once")
    await listening.shows(f"Connected to {server.host} as {LOGIN}\n")
    await server.ask(device, match="number")
    await listening.shows("Is it you?")
    listening.type("y")
    await listening.shows("Type the 2-digit number")
    listening.type("47")
    assert await listening.end() == (0, "")
    assert (await next_of(server.answers))["number"] == "47"


async def test_the_program_without_a_person_warns_of_its_key_file(
    server: SoftwareServer, environment: dict[str, str]
) -> None:
    server.state_of_claims = "active"
    program = await Program(environment).start("link", server.link)
    code, errors = await program.end()
    assert (code, errors.count("WARNING")) == (0, 3)


async def test_without_input_a_request_is_left_unanswered(
    server: SoftwareServer, environment: dict[str, str]
) -> None:
    device = await linked(server, environment)
    listening = await Program(environment).start("listen", "--once", stdin=subprocess.DEVNULL)
    await listening.shows("Connected")
    request = await server.ask(device)
    await listening.warns("Nobody can answer here")
    await server.close(device, request, "expired")
    assert (await listening.end())[0] == 3


async def test_a_person_at_a_real_terminal_answers(
    server: SoftwareServer, environment: dict[str, str]
) -> None:
    device = await linked(server, environment)
    controller, terminal = pty.openpty()
    listening = await Program(environment).start("listen", "--once", stdin=terminal)
    await listening.shows("Connected")
    os.write(controller, b"y\n")  # typed before there is a question
    await server.ask(device)
    await listening.shows("Is it you?")
    os.write(controller, b"n\n")
    await listening.shows("Did you stop it yourself?")
    os.write(controller, b"r\n")
    assert (await listening.end())[0] == 1
    assert (await next_of(server.answers))["decision"] == "report"


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_stopped_program_closes_its_socket_and_approves_nothing(
    server: SoftwareServer, environment: dict[str, str], stop: signal.Signals, code: int
) -> None:
    device = await linked(server, environment)
    listening = await Program(environment).start("listen", "--once")
    await server.ask(device)
    await listening.shows("Is it you?")
    listening.process.send_signal(stop)
    assert await listening.end() == (code, "")
    assert device.connection is not None
    async with asyncio.timeout(PATIENCE):
        await device.connection.wait_closed()
    assert device.connection.close_code == 1000
    assert server.answers.empty()


async def test_a_narrow_character_set_breaks_nothing(
    server: SoftwareServer, environment: dict[str, str]
) -> None:
    device = await linked(server, environment)
    listening = await Program(environment | {"PYTHONIOENCODING": "ascii"}).start("listen", "--once")
    await listening.shows("Connected")
    await server.ask(device, service="Männer")
    await listening.shows("M?nner")
    listening.type("y")
    assert (await listening.end())[0] == 0


def test_nobody_reads_the_output(environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    program = subprocess.run(
        [*COMMAND, "accounts"], cwd=ROOT, env=environment, stdout=writing, stderr=PIPE, check=False
    )
    os.close(writing)
    assert (program.returncode, program.stderr) == (141, b"")


def test_the_help_names_every_exit_code(environment: dict[str, str]) -> None:
    for arguments in (["--help"], ["listen", "--help"]):
        shown = run(*arguments, env=environment)
        assert shown.returncode == 0
        assert EXIT_CODES in shown.stdout
    assert all(f"\n  {code}  " in f"\n{EXIT_CODES}" for code in ExitCode)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["approve"],
        ["link"],
        ["listen", "--yes", "--no"],
        ["listen", "--yes", "--number", "1"],
        ["listen", "--yes", "--number", "1234567"],
        ["listen", "--yes", "--number", "４７"],
        ["link", "x", "--name", ""],
        ["link", "x", "--name", "\x1b[2J"],
        ["link", "x", "--name", "a" * 41],
    ],
)
def test_a_wrong_command_line_ends_with_2(
    environment: dict[str, str], arguments: list[str]
) -> None:
    shown = run(*arguments, env=environment)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "Traceback" not in shown.stderr


def test_the_store_can_be_named_before_and_after_the_command(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text("damaged")
    store = ["--store", str(tmp_path / "bad.json")]
    for arguments in ([*store, "accounts"], ["accounts", *store]):
        shown = run(*arguments, env=environment)
        assert shown.returncode == 7
        assert "is damaged" in shown.stderr


def test_a_name_is_text() -> None:
    options = cli.parser().parse_args(["link", "x", "--name", " My\x1b[1m \u202ephone\n"])
    assert options.name == "My phone"


def test_the_client_is_free_of_django(environment: dict[str, str]) -> None:
    check = "import sys, devices.client.cli; sys.exit('django' in sys.modules)"
    program = subprocess.run([sys.executable, "-c", check], cwd=ROOT, env=environment, check=False)
    assert program.returncode == 0
