"""Which pages may open a socket: by the whole origin, scheme, host and port (RFC 6455, 10.2).

And by which way: a site of https has no socket in the clear.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings

App = Callable[..., Any]


def from_our_pages(app: App) -> App:
    """The `Origin` must be there once and be ours."""
    return _guarded(app, allowed=lambda origins: origins == [settings.KAUTH_ORIGIN])


def from_devices(app: App) -> App:
    """A device that is no browser sends no `Origin`; one that is sends ours."""
    return _guarded(app, allowed=lambda origins: origins in ([], [settings.KAUTH_ORIGIN]))


def _guarded(app: App, *, allowed: Callable[[list[str]], bool]) -> App:
    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if allowed(_all(scope, b"origin")) and (_came_by_tls(scope) or not settings.SECURE):
            await app(scope, receive, send)
        else:
            # Before it is accepted, a close is an HTTP 403.
            await send({"type": "websocket.close", "code": 1008})

    return guarded


def _came_by_tls(scope: dict[str, Any]) -> bool:
    """TLS ends in a proxy. Its word counts as it does for pages, in SECURE_PROXY_SSL_HEADER."""
    schemes = _all(scope, b"x-forwarded-proto")
    said = schemes[0].partition(",")[0].strip() if len(schemes) == 1 else ""
    return said == "https" and settings.KAUTH_TRUSTED_PROXIES > 0


def _all(scope: dict[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin1") for key, value in scope["headers"] if key.lower() == name]
