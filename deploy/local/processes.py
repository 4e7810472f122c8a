"""Programs that are started here: found, waited for, stopped, and started again."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """A folder that only `owner` (default: whoever runs this) can enter; gone afterwards."""
    folder = Path(mkdtemp(prefix="kauth-"))
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


class Program:
    """One process with a log of its own. It can be stopped, killed, frozen, and started again.

    It leads a session of its own: Ctrl-C in a terminal reaches who started it, who stops it in
    its turn.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        ready: Callable[[], bool],
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        owner: str | None = None,
        stop_with: int = signal.SIGTERM,
        patience: float = 30,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.folder = folder
        self.log = folder / f"{name}.log"
        self.ready = ready
        self.cwd = cwd or folder
        self.environment = environment
        self.owner = owner
        self.stop_with = stop_with
        self.patience = patience
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Starts it and does not wait."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=self.environment,
                user=self.owner,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> None:
        """Returns when it is ready."""
        self.launch()
        self.wait()

    def wait(self) -> None:
        wait_until(self.ready, self.running, self.log)

    @property
    def running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self.process

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """Ends it in good order, if it runs, and returns its exit code."""
        self.ask_to_stop()
        return self.running.wait(self.patience) if self.process else 0

    def ask_to_stop(self) -> None:
        if self.is_running:
            self.thaw()  # a frozen process hears nothing else
            self.running.send_signal(self.stop_with)

    def kill(self) -> None:
        """Ends it at once, children and all, as a power failure would."""
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()
        self.process = None

    def freeze(self) -> None:
        os.killpg(self.running.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.running.pid, signal.SIGCONT)

    def output(self) -> str:
        return self.log.read_text(errors="replace")
