"""Who is calling, as far as can be known: network address and browser, in a fixed vocabulary.

Nothing that the caller writes freely leaves this module: the address comes from the connection
and from a counted number of trusted proxies, the browser's name from a short list.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext

UNKNOWN_BROWSER = "Unknown browser"

# The first that matches wins: Edge and Opera also say "Chrome", Chrome also says "Safari".
BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"(Firefox|FxiOS)/"),
    ("Chrome", r"(Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"Version/[\d.]+ .*Safari/"),
    ("kAuth command line", r"^kauth-client/"),
)
SYSTEMS = (
    ("Android", r"Android"),
    ("iOS", r"iPhone|iPad|iPod"),
    ("Windows", r"Windows NT"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
)


@dataclass(frozen=True)
class Visitor:
    """The other end of a request or socket: an IP address (or "") and "Firefox on Windows"."""

    address: str = ""
    browser: str = UNKNOWN_BROWSER

    @property
    def network(self) -> str:
        """What one customer of a provider can change at will counts as one: an IPv6 /64."""
        if ":" in self.address:
            return str(ipaddress.ip_network(f"{self.address}/64", strict=False))
        return self.address

    @property
    def place(self) -> str | None:
        """Where the address is, as far as it says so itself."""
        if not self.address:
            return None
        ip = ipaddress.ip_address(self.address)
        if ip.is_loopback:
            return gettext("this computer")
        return gettext("the local network") if ip.is_private else None


def in_words(visitor: Visitor) -> str:
    """ "Firefox on Windows, the local network (192.168.1.5)"; "" for nobody."""
    network, place = visitor.address, visitor.place
    if place:
        network = f"{place} ({network})"
    return ", ".join(part for part in (visitor.browser, network) if part)


def of(request: HttpRequest) -> Visitor:
    return Visitor(
        address=client_address(
            request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
        ),
        browser=browser_name(request.META.get("HTTP_USER_AGENT", "")),
    )


def of_scope(scope: Mapping[str, Any]) -> Visitor:
    """The same for an ASGI scope, as sockets have it."""
    return Visitor(
        address=client_address(
            (scope.get("client") or [""])[0], _header(scope, b"x-forwarded-for")
        ),
        browser=browser_name(_header(scope, b"user-agent")),
    )


def _header(scope: Mapping[str, Any], wanted: bytes) -> str:
    """As Django has it for a request: a header that comes more than once is one list."""
    return ",".join(value.decode("latin1") for name, value in scope["headers"] if name == wanted)


def client_address(peer: str, forwarded_for: str) -> str:
    """The address that the outermost trusted proxy saw; the peer's own where none is trusted.

    Each trusted proxy adds one entry on the right, so we count from there. What stands further
    left is the caller's word and worth nothing.
    """
    hops = [*(entry.strip() for entry in forwarded_for.split(",")), peer]
    trusted = settings.KAUTH_TRUSTED_PROXIES
    claimed = hops[-1 - trusted] if len(hops) > trusted else peer
    return _plain(claimed) or _plain(peer)


def _plain(text: str) -> str:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    # A zone (fe80::1%eth0) means something on one machine only, and no column takes it.
    return str(mapped or ip).partition("%")[0]


def browser_name(user_agent: str) -> str:
    """`user_agent` reduced to a name from our own list, never the caller's text."""
    browser = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    if browser is None:
        return UNKNOWN_BROWSER
    return f"{browser} on {system}" if system else browser


def _first(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for name, pattern in table if re.search(pattern, text[:400])), None)
