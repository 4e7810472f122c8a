"""Programs that a test run starts: found, waited for, and stopped."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp


class MissingProgramError(Exception):
    """A program is not installed; the message names it and its package."""


def find(program: str, *, package: str, also_in: str = "") -> str:
    """The path of `program`, looked for on PATH and then in folders that match `also_in`."""
    folders = sorted(Path("/").glob(also_in.lstrip("/")), reverse=True) if also_in else []
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
    found = shutil.which(program, path=path)
    if found is None:
        raise MissingProgramError(f"{program} is missing. On Debian: apt-get install {package}")
    return found


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def private_folder(owner: str | None = None) -> Iterator[Path]:
    """A folder that only `owner` (default: whoever runs the tests) can enter."""
    folder = Path(mkdtemp(prefix="kauth-test-"))
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder)


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 120
) -> None:
    """Returns as soon as `ready`; shows the log when the process ends or time runs out first."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            output = log.read_text(errors="replace")
            raise RuntimeError(f"{process.args!r} did not start:\n{output}")
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes], with_signal: int, seconds: float = 10) -> int:
    """Asks the process to end, insists after `seconds`, and returns its exit code."""
    process.send_signal(with_signal)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
