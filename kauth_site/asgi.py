"""The site as one ASGI application: pages and calls by HTTP, devices and waits by socket."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauth_site.settings")

pages = get_asgi_application()

# Only after Django is set up may the consumers and their models be imported.
from kauth_site.sockets import sockets  # noqa: E402

application = ProtocolTypeRouter({"http": pages, "websocket": sockets})
