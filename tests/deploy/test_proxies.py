"""What nginx and Caddy hand on to kAuth, and what they write down, by the examples themselves."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from deploy.local import nginx, processes
from deploy.local.processes import Program
from tests.services import certificate
from tests.services.available import available_or_said
from tests.services.server import ROOT

CADDYFILE = ROOT / "deploy" / "caddy" / "Caddyfile"
LIES = {
    "X-Forwarded-For": "198.51.100.77",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "99",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "198.51.100.77",
    "X-Request-ID": "evil",
    "Forwarded": "for=198.51.100.77",
    "Daphne-Root-Path": "/evil",
}
TOKEN = "/password/reset/bmFtZQ/dtf-live-token/"


class Upstream(BaseHTTPRequestHandler):
    """Stands in for kAuth and remembers the headers of the last request."""

    heard: dict[str, str] = {}

    def do_GET(self) -> None:
        Upstream.heard = dict(self.headers.items())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def upstream() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Upstream) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def nginx_before(folder: Path, port: int, pages: int) -> tuple[Program, Path]:
    with available_or_said():
        proxy = nginx.Nginx(folder, port=port, pages=pages, sockets=[pages])
    return proxy, proxy.access_log


def caddy_before(folder: Path, port: int, pages: int) -> tuple[Program, Path]:
    addresses = {
        "SITE": f"http://localhost:{port}",
        "PAGES": f"127.0.0.1:{pages}",
        "SOCKETS": f"127.0.0.1:{pages} localhost:{pages}",
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    proxy = Program(
        "caddy",
        [caddy(), "run", "--config", CADDYFILE],
        folder=folder,
        ready=lambda: processes.answers(port),
        environment={**os.environ, **addresses},
    )
    return proxy, proxy.log


def caddy() -> str:
    with available_or_said():
        return processes.find("caddy", package="caddy")


@pytest.fixture(scope="module", params=[nginx_before, caddy_before], ids=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest) -> Iterator[tuple[str, Program, Path]]:
    """Its address, itself, and where its log of requests is."""
    with processes.private_folder() as folder, upstream() as pages:
        port = processes.free_port()
        program, log = request.param(folder, port, pages)
        program.start()
        yield f"http://localhost:{port}", program, log
        assert program.stop() == 0


@pytest.mark.parametrize("path", ["/login/", "/ws/device/", TOKEN])
def test_d62_a_caller_that_speaks_like_a_proxy_is_not_heard(
    proxy: tuple[str, Program, Path], path: str
) -> None:
    address, *_ = proxy
    httpx.get(address + path, headers=LIES).raise_for_status()
    heard = {name.lower(): value for name, value in Upstream.heard.items()}
    assert heard["host"] == address.removeprefix("http://")
    assert heard["x-forwarded-for"] in ("127.0.0.1", "::1")
    assert heard["x-forwarded-proto"] == "http"
    assert len(heard["x-request-id"]) >= 32
    for name in set(LIES) - {"X-Forwarded-For", "X-Forwarded-Proto", "X-Request-ID"}:
        assert name.lower() not in heard


def test_metrics_are_not_for_the_world(proxy: tuple[str, Program, Path]) -> None:
    address, *_ = proxy
    assert httpx.get(f"{address}/metrics").status_code == 404


def test_d92_no_secret_of_an_address_and_no_header_is_written_down(
    proxy: tuple[str, Program, Path],
) -> None:
    address, program, log = proxy
    secrets = {"Cookie": "session=live-cookie", "Authorization": "KAuth sig=live-signature"}
    httpx.get(f"{address}{TOKEN}?next=live-query", headers=secrets)
    written = log.read_text() + program.output()
    assert "/password/reset/bmFtZQ/" in written
    assert "live-" not in written


def test_the_example_of_nginx_with_tls_is_well_formed(tmp_path: Path) -> None:
    with available_or_said():
        proxy = nginx.Nginx(
            tmp_path,
            port=processes.free_port(),
            pages=8100,
            sockets=[8101, 8102],
            tls=certificate.made(tmp_path),
        )
    checked = subprocess.run([*proxy.command, "-t"], capture_output=True, text=True, check=False)
    assert "test is successful" in checked.stderr, checked.stderr
    assert "[warn]" not in checked.stderr, checked.stderr


@pytest.mark.parametrize("before", [nginx_before, caddy_before], ids=["nginx", "caddy"])
def test_d92_nothing_secret_is_written_down_when_no_page_process_answers(
    tmp_path: Path, before: Any
) -> None:
    port = processes.free_port()
    program, log = before(tmp_path, port, processes.free_port())
    program.start()
    assert httpx.get(f"http://localhost:{port}{TOKEN}?next=live-query").status_code == 502
    assert program.stop() == 0
    errors = tmp_path / "nginx-errors.log"
    written = [log.read_text(), program.output(), errors.read_text() if errors.exists() else ""]
    assert "live-" not in "".join(written)
