"""Debian's Chromium, which Playwright drives; Playwright's own download is not used."""

from tests.services import processes

# Without the resolver rule Chromium still asks for its maker's hosts.
OFFLINE = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]


def path() -> str:
    return processes.find("chromium", package="chromium")
