"""The environment, read strictly: the only module of the server that looks at os.environ.

Each reader names the variable and says what it accepts. A value that does not fit stops the
start with a sentence, because a misread security setting is worse than no server.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

LOCAL_HOSTS = {"localhost", "127.0.0.1"}


def text(name: str, default: str = "") -> str:
    """The variable NAME, or the content of the file that NAME_FILE points at."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return os.environ.get(name, default).strip()
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE: cannot read {path} ({error.strerror})."
        ) from error


def integer(name: str, default: int, *, low: int, high: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}.")
    return int(value)


def boolean(name: str, *, default: bool) -> bool:
    return choice(name, "yes" if default else "no", among=("yes", "no")) == "yes"


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name} must be one of: {', '.join(among)}.")
    return value


def path(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().resolve()


def origin(name: str, default: str) -> str:
    """A web origin as RFC 6454 writes it: scheme, host and, if unusual, port; nothing after."""
    value = text(name, default)
    parts = urlsplit(value)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
    if not secure or not value.isascii() or value != f"{parts.scheme}://{parts.netloc}".lower():
        raise ImproperlyConfigured(
            f"{name} must be an address such as https://auth.example.org: https, no path, no "
            "trailing slash. Plain http works for localhost and 127.0.0.1 only."
        )
    return value
