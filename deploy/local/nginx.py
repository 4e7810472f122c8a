"""nginx before the processes of the full mode, by the example in deploy/nginx itself."""

import os
import pwd
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from deploy.local import processes
from deploy.local.processes import Program

EXAMPLE = Path(__file__).resolve().parents[1] / "nginx" / "kauth.conf"

# What Debian's nginx.conf says around the files in conf.d, for a folder of our own. A device takes
# two connections here, and a process has so many files: two processes hold ten thousand devices.
AROUND = """\
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx-errors.log;
{user}
events {{ worker_connections 16384; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/kauth.conf;
}}
"""


@dataclass(frozen=True)
class Certificate:
    chain: Path
    key: Path


def program() -> str:
    return processes.find("nginx", package="nginx-light", also_in="/usr/sbin")


def example(
    folder: Path, *, port: int, pages: int, sockets: list[int], tls: Certificate | None
) -> str:
    """The example with addresses of this machine in it; without `tls` it speaks plain HTTP."""
    text = EXAMPLE.read_text(encoding="utf-8")
    changes = {
        r"server 127\.0\.0\.1:8100;": f"server 127.0.0.1:{pages};",
        r"(    server 127\.0\.0\.1:810[12].*\n)+": "".join(
            f"    server 127.0.0.1:{one} fail_timeout=2s;\n" for one in sockets
        ),
        r"\nserver \{\n    listen 80;[^}]*\}\n": "",
        r"listen 443 ssl http2;": f"listen 127.0.0.1:{port} reuseport ssl http2;",
        r"server_name auth\.example\.org;": "server_name localhost;",
        r"/var/log/nginx/kauth\.log": f"{folder}/access.log",
    }
    if tls is None:
        changes |= {r" ssl http2;": ";", r"    ssl_.*\n": ""}
    else:
        changes |= {r"/etc/ssl/\S+\.pem": str(tls.chain), r"/etc/ssl/\S+\.key": str(tls.key)}
    for pattern, new in changes.items():
        text, found = re.subn(pattern, new, text)
        if not found:
            raise RuntimeError(f"{EXAMPLE} has nothing that fits {pattern}")
    return text


class Nginx(Program):
    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        pages: int,
        sockets: list[int],
        tls: Certificate | None = None,
    ) -> None:
        self.access_log = folder / "access.log"
        self.error_log = folder / "nginx-errors.log"
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        settings = folder / "nginx.conf"
        settings.write_text(AROUND.format(folder=folder, user=user))
        site = example(folder, port=port, pages=pages, sockets=sockets, tls=tls)
        (folder / "kauth.conf").write_text(site)
        super().__init__(
            "nginx",
            [program(), "-p", folder, "-e", self.error_log, "-c", settings],
            folder=folder,
            ready=lambda: processes.answers(port),
            stop_with=signal.SIGTERM,
        )
