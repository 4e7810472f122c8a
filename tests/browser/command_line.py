"""The device of the browser journeys: the real `python -m devices.client`, as a process."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

from tests.services.server import ROOT
from tests.waiting import PATIENCE

PASSPHRASE = "KAUTH_PASSPHRASE"
STORE = "accounts.json"


class Command:
    """One running command, with what it has said so far and a keyboard to type on."""

    def __init__(self, arguments: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "devices.client", *arguments],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != PASSPHRASE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._keyboard, self._screen = self._process.stdin, self._process.stdout
        self.output = ""

    def shows(self, text: str, times: int = 1) -> None:
        """Returns when the terminal has shown `text` so many times."""
        deadline = time.monotonic() + PATIENCE
        while self.output.count(text) < times:
            assert self._read(deadline), f"{text!r} never came:\n{self.output}"

    def types(self, line: str) -> None:
        self._keyboard.write(f"{line}\n".encode())

    def ended(self) -> int:
        """The exit code, once there is one."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        return self._process.wait(PATIENCE)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(PATIENCE)
        self._keyboard.close()
        self._screen.close()

    def _read(self, deadline: float) -> bool:
        """Takes in what comes next; False at the end, or when nothing comes in time."""
        ready, _, _ = select.select([self._screen], [], [], max(0, deadline - time.monotonic()))
        chunk = self._screen.read(4096) if ready else b""
        self.output += (chunk or b"").decode(errors="replace")
        return bool(chunk)


class Phone:
    """A person's device: its store, and the commands that the person runs on it."""

    def __init__(self, folder: Path, name: str = "Pixel 8") -> None:
        self._store = folder / STORE
        self._name = name
        self._commands: list[Command] = []

    def run(self, *arguments: str) -> Command:
        command = Command(["--store", str(self._store), *arguments])
        self._commands.append(command)
        return command

    def link(self, address: str) -> Command:
        return self.run("link", address, "--name", self._name)

    def listen(self, *options: str) -> Command:
        """Returns when it is connected: what the browser asks from now on comes to it at once."""
        command = self.run("listen", *options)
        command.shows("Connected to")
        return command

    def code(self) -> str:
        command = self.run("code")
        assert command.ended() == 0, command.output
        return command.output.split()[0]

    def accounts(self) -> str:
        command = self.run("accounts")
        assert command.ended() == 0, command.output
        return command.output

    def close(self) -> None:
        for command in self._commands:
            command.close()
