"""Every process of the full mode on this machine: pages, sockets, workers, beat, and the proxy."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local import processes
from deploy.local.nginx import Certificate, Nginx
from deploy.local.processes import Program
from kauth_site import secret_files

ROOT = Path(__file__).resolve().parents[2]
# Every program finds the settings by itself, as where only these variables are given to it.
OURS = ("KAUTH_", "DATABASE_URL", "REDIS_URL", "PORT", "DJANGO_SETTINGS_MODULE")
HERE = "127.0.0.1"


class Site:
    """`folder` holds its data directory and the logs. What runs is in `programs`, in the order
    in which it starts; it stops the other way round.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str,
        redis_url: str,
        port: int,
        page_workers: int = 2,
        socket_processes: int = 2,
        tls: Certificate | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.origin = f"{'https' if tls else 'http'}://localhost:{port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            "KAUTH_DATA_DIR": str(folder / "data"),
            "KAUTH_ORIGIN": self.origin,
            "KAUTH_TRUSTED_PROXIES": "1",
            "KAUTH_SIGNUP": "open",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "PYTHONUNBUFFERED": "1",
            **(settings or {}),
        }
        secret_files.ensure(folder / "data")
        self.pages_port = processes.free_port()
        self.pages = self._pages(page_workers)
        self.sockets = [self._sockets(number) for number in range(1, socket_processes + 1)]
        self.worker = self._worker("worker", "celery")
        self.push_worker = self._worker("push", "push")
        self.beat = self._celery("beat", "beat", "--schedule", str(folder / "beat"))
        self.proxy = self._proxy(port, tls)
        workers = [self.worker, self.push_worker, self.beat]
        self.programs = [*self.sockets, self.pages, *workers, self.proxy]

    def start(self) -> None:
        """Returns when the proxy answers. The first process brings the database up to date."""
        self.sockets[0].start()
        for program in self.programs[1:]:
            program.launch()
        for program in self.programs[1:]:
            program.wait()

    def stop(self) -> None:
        """The proxy first, so that nothing new comes; then all others at once."""
        self.proxy.stop()
        for program in self.programs:
            program.ask_to_stop()
        problems = [problem for program in self.programs if (problem := _end_of(program))]
        if problems:
            raise RuntimeError("\n".join(problems))

    def _pages(self, workers: int) -> "WebProcess":
        command = [_beside_python("gunicorn"), "--config", "deploy/gunicorn.py"]
        command += ["--bind", f"{HERE}:{self.pages_port}", "--workers", str(workers)]
        return WebProcess("pages", command, site=self, port=self.pages_port)

    def _sockets(self, number: int) -> "WebProcess":
        port = processes.free_port()
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        if number > 1:
            command.append("--no-demo-account")
        return WebProcess(f"sockets-{number}", command, site=self, port=port)

    def _worker(self, name: str, queue: str) -> Program:
        options = ("--queues", queue, "--hostname", f"{name}@%h", "--concurrency", "1")
        return self._celery(name, "worker", *options)

    def _celery(self, name: str, part: str, *arguments: str) -> Program:
        command = [_beside_python("celery"), "-A", "kauth_site", part, *arguments]
        return Program(
            name,
            command,
            folder=self.folder,
            ready=lambda: True,
            cwd=ROOT,
            environment=self.environment,
        )

    def _proxy(self, port: int, tls: Certificate | None) -> Nginx:
        sockets = [program.port for program in self.sockets]
        return Nginx(self.folder, port=port, pages=self.pages_port, sockets=sockets, tls=tls)


class WebProcess(Program):
    """One that answers /healthz at its own port."""

    def __init__(self, name: str, command: list[str], *, site: Site, port: int) -> None:
        self.port = port
        super().__init__(
            name,
            command,
            folder=site.folder,
            ready=self.is_healthy,
            cwd=ROOT,
            environment=site.environment,
        )

    def is_healthy(self) -> bool:
        try:
            return httpx.get(f"http://{HERE}:{self.port}/healthz").is_success
        except httpx.TransportError:
            return False


def _end_of(program: Program) -> str:
    """What was wrong with it; "" after a good end. One that was still starting has no other end
    than the signal itself.
    """
    try:
        code = program.stop()
    except subprocess.TimeoutExpired:
        program.kill()
        return f"{program.name} did not end when it was asked to"
    good = code in (0, -program.stop_with)
    return "" if good else f"{program.name} ended with {code}:\n{program.output()}"


def _beside_python(name: str) -> str:
    """A program of the same virtual environment."""
    return str(Path(sys.executable).with_name(name))
