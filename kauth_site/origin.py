"""Which pages may open a socket: by the whole origin, scheme, host and port (RFC 6455, 10.2)."""

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
        origins = [v.decode("latin1") for k, v in scope["headers"] if k.lower() == b"origin"]
        if allowed(origins):
            await app(scope, receive, send)
        else:
            # Before it is accepted, a close is an HTTP 403.
            await send({"type": "websocket.close", "code": 1008})

    return guarded
