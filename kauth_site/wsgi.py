"""The site's pages and calls as a WSGI application, for gunicorn in the full mode.

A minimal page costs a tenth of what it costs under daphne. Sockets are daphne's: see asgi.py.
"""

from collections.abc import Iterable
from typing import Any

from channels.layers import get_channel_layer
from django.core.wsgi import get_wsgi_application
from django.template.loader import get_template
from django.urls import reverse

from kauth_site import starting

# With any other code gunicorn would start such a process again, and again.
WORKER_BOOT_ERROR = 3

starting.read_settings(exit_code=WORKER_BOOT_ERROR)

pages = get_wsgi_application()


def warm_up() -> None:
    """What the first visitor would have to wait for: every page's module, what rings devices, and
    the pages of a sign-in.
    """
    reverse("manager")
    get_channel_layer()
    for page in ("accounts/login.html", "twofactor/verify.html"):
        get_template(page)


warm_up()


def application(environment: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The site at the root of its host, whatever the caller says.

    gunicorn takes the root path from a header, and Django cuts it off the path that it routes
    by: rules by path would look at one page and another would be opened.
    """
    path = environment.get("SCRIPT_NAME", "") + environment.get("PATH_INFO", "")
    return pages({**environment, "SCRIPT_NAME": "", "PATH_INFO": path}, start_response)
