"""Virtual environments of what is measured beside kAuth: made once, in bench/.environments."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / ".environments"


def made(name: str, *packages: str, requirements: Path | None = None) -> Path:
    """The environment `name` with these packages, installed by pip if it is not there yet."""
    folder = FOLDER / name
    if (folder / ".complete").exists():
        return folder
    print(f"Installing {name}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    wanted = ["-r", str(requirements)] if requirements else list(packages)
    subprocess.run([folder / "bin" / "pip", "install", "-qqq", *wanted], check=True)
    (folder / ".complete").touch()
    return folder
