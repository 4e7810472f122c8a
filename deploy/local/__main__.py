"""`make run-full`: the full mode with a PostgreSQL and a Redis of its own, until Ctrl-C."""

import os
import signal
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from deploy.local import nginx, postgresql, processes, redis
from deploy.local.site import Site

GREETING = """
  kAuth is ready:  {origin}

  Login ID:        {login_id}
  Password:        {password}

  Behind this address stand nginx, {pages} page processes, {sockets} socket processes, two workers
  and beat, with a PostgreSQL and a Redis of their own. Their logs are in
  {folder}

  Link this terminal's device as the page under 2FA says:
     .venv/bin/python -m devices.client link 'THE LINK'
     .venv/bin/python -m devices.client listen

  Ctrl-C stops it all. Nothing is kept.
"""
WORKERS = 2


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            site = _started(stack)
            with suppress(KeyboardInterrupt):
                return _watch(site)
        print("\nkAuth has stopped.")
    except (processes.MissingProgramError, RuntimeError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped before it was ready.", file=sys.stderr)
        return 130
    return 0


def _started(stack: ExitStack) -> Site:
    nginx.program()  # the first thing to miss
    port = int(os.environ.get("PORT", "8000"))
    if processes.answers(port):
        raise RuntimeError(
            f"Port {port} is in use. Choose another one: PORT={port + 1} make run-full"
        )
    print("Starting PostgreSQL, Redis and kAuth", flush=True)
    database_url = stack.enter_context(postgresql.running())
    redis_url = stack.enter_context(redis.running())
    folder = stack.enter_context(processes.private_folder())
    site = Site(
        folder,
        database_url=database_url,
        redis_url=redis_url,
        port=port,
        page_workers=WORKERS,
        socket_processes=WORKERS,
    )
    stack.callback(site.stop)
    site.start()
    print(_greeting(site), flush=True)
    return site


def _greeting(site: Site) -> str:
    login_id, password = Path(site.folder, "data", "demo-account").read_text().split()
    return GREETING.format(
        origin=site.origin,
        login_id=login_id,
        password=password,
        pages=WORKERS,
        sockets=len(site.sockets),
        folder=site.folder,
    )


def _watch(site: Site) -> int:
    """Until Ctrl-C; a process that ends by itself ends the whole, with its last words."""
    while True:
        for program in site.programs:
            if not program.is_running:
                print(f"{program.name} has ended:\n{program.output()}", file=sys.stderr)
                return 1
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
