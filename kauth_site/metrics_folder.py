"""The folder where all processes of this machine keep their numbers, so that one can tell them all.

Knows neither Django nor the metrics: it must be there before the first of them is made, since
prometheus-client looks for it when it is imported.
"""

import fcntl
import os
from pathlib import Path
from typing import IO

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_held: list[IO[str]] = []


def prepare(folder: Path) -> None:
    """Makes it known to prometheus-client. Whoever finds nobody else at work empties it first:
    each process leaves files, and after a stop of all of them the numbers begin anew.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.setdefault(VARIABLE, str(folder))
    lock = (folder / ".in-use").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        for file in folder.glob("*.db"):
            file.unlink()
    fcntl.flock(lock, fcntl.LOCK_SH)
    _held.append(lock)  # until this process ends
