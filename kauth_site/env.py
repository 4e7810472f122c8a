"""The environment, read strictly: the only module of the server that looks at os.environ.

Each reader names the variable and says what it accepts. A value that does not fit stops the
start with a sentence, because a misread security setting is worse than no server.
"""

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

LOCAL_HOSTS = {"localhost", "127.0.0.1"}
AUTHORITY = re.compile(r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(?P<port>[1-9][0-9]{0,4}))?")
HOST_OR_DOMAIN = re.compile(r"\.?[a-z0-9-]+(?:\.[a-z0-9-]+)*")
IMPLIED_PORTS = {"http": 80, "https": 443}
HIGHEST_PORT = 65535


def text(name: str, default: str = "") -> str:
    """The variable NAME, or the content of the file that NAME_FILE points at."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return os.environ.get(name, default).strip()
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {path} ({reason}).") from error


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


def networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks such as 10.0.0.0/8, or single addresses, with commas in between."""
    try:
        return tuple(ip_network(one.strip()) for one in text(name).split(",") if one.strip())
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be networks such as 10.0.0.0/8: {error}."
        ) from None


def path(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().resolve()


def hosts(name: str, default: str) -> tuple[str, ...]:
    """Host names with commas in between; one that begins with a dot stands for all that end so."""
    found = tuple(part.strip() for part in text(name, default).split(","))
    if not all(HOST_OR_DOMAIN.fullmatch(host) for host in found):
        raise ImproperlyConfigured(
            f"{name} must be host names with commas in between, such as push.example.org or, for "
            "all below it, .push.example.org."
        )
    return found


def origin(name: str, default: str) -> str:
    """A web origin as RFC 6454 writes it: scheme, host and, if unusual, port; nothing after."""
    value = text(name, default)
    scheme, _, authority = value.partition("://")
    parts = AUTHORITY.fullmatch(authority)
    if parts is None or not _is_secure(scheme, parts["host"]) or not _fits(scheme, parts["port"]):
        raise ImproperlyConfigured(
            f"{name} must be an address such as https://auth.example.org: https, lower case, no "
            "path, no trailing slash, no port that goes without saying. Plain http works for "
            "localhost and 127.0.0.1 only."
        )
    return value


def local_origin(name: str) -> str:
    """The origin of a server on this machine, or nothing."""
    value = text(name)
    if value and urlsplit(origin(name, value)).hostname not in LOCAL_HOSTS:
        raise ImproperlyConfigured(f"{name} must be on localhost or 127.0.0.1.")
    return value


def _is_secure(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and host in LOCAL_HOSTS)


def _fits(scheme: str, port: str | None) -> bool:
    """Browsers leave out the port that the scheme implies: with it no origin would equal ours."""
    return port is None or (int(port) <= HIGHEST_PORT and int(port) != IMPLIED_PORTS[scheme])
