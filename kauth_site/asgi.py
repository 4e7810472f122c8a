"""The site as one ASGI application: pages and calls by HTTP, devices and waits by socket."""

from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from kauth_site import starting

starting.read_settings()

pages = get_asgi_application()

# Only after Django is set up may the consumers and their models be imported.
from kauth_site import request_ids  # noqa: E402
from kauth_site.sockets import sockets  # noqa: E402

by_protocol = ProtocolTypeRouter({"http": pages, "websocket": sockets})


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The site at the root of its host, whatever the caller says.

    daphne takes the root path from a header of the caller's, and Django cuts it off the path that
    it routes by: rules by path would look at one page and another would be opened.
    """
    if scope["type"] == "websocket":
        request_ids.of_socket(scope)
    await by_protocol({**scope, "root_path": ""}, receive, send)
