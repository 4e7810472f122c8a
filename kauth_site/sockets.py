"""Which address opens which socket, and from where it may be opened."""

from typing import Any

from channels.routing import URLRouter
from channels.sessions import SessionMiddlewareStack
from django.urls import path, re_path

from devices.consumers import LinkConsumer
from kauth_site.origin import from_devices, from_our_pages
from twofactor.consumers import DeviceConsumer, LoginConsumer

device: Any = DeviceConsumer.as_asgi()  # type: ignore[no-untyped-call]
login: Any = LoginConsumer.as_asgi()  # type: ignore[no-untyped-call]
link: Any = LinkConsumer.as_asgi()  # type: ignore[no-untyped-call]


async def _nowhere(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An address that is none: refused as a page that is not found, and no fault of ours."""
    await send({"type": "websocket.close", "code": 1008})


nowhere: Any = _nowhere

sockets = URLRouter(
    [
        # A device proves itself by its key: it has no session and no cookie here.
        path("ws/device/", from_devices(device)),
        path("ws/login/", from_our_pages(SessionMiddlewareStack(login))),
        path("ws/link/", from_our_pages(SessionMiddlewareStack(link))),
        re_path("", nowhere),
    ]
)
