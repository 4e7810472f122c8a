"""Debian's Chromium, which Playwright drives; Playwright's own download is not used."""

import shutil

from tests.services import processes

# Without the resolver rule Chromium still asks for its maker's hosts.
OFFLINE = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]


# The same engine without the window around it: a page costs it half. It shows no notifications.
SHELL = "chromium-headless-shell"


def path() -> str:
    return processes.find("chromium", package="chromium")


def shell_path() -> str:
    """The whole Chromium where the shell is not installed."""
    return shutil.which(SHELL) or path()
