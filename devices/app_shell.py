"""What the kAuth app keeps in a browser to open without network: its files, words and version."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.translation import gettext as _

# Below these names stands all that the shell loads. What other pages share with it is small.
PARTS = ("css/site.css", "css/app.css", "img/", "js/app.js", "js/app/", "js/lib/", "qr/")
KINDS = (".css", ".js", ".svg", ".png")


def files() -> list[str]:
    """The addresses of the shell's files, under the names that change with their content."""
    storage: Any = staticfiles_storage
    names = sorted(storage.hashed_files)
    return [storage.url(name) for name in names if name.startswith(PARTS) and name.endswith(KINDS)]


def words() -> dict[str, str]:
    """What notifications say. Words in braces stand for what the device has checked."""
    return {
        "ask": _("Are you signing in to {host}?"),
        "practice": _("This is practice. Whatever you answer opens nothing."),
        "who": _("{login} · {browser} · {place}"),
        "account": _("{login} at {host}"),
        "yes": _("YES"),
        "no": _("NO"),
        "number": _("Open the app and type the number that the login page shows."),
        "over": _("This sign-in request is over."),
        "unreachable": _("Is somebody signing in to {host}? Open the app to see."),
        "approved": _("You said YES."),
        "denied": _("You said NO."),
        "trouble": _("Your answer did not reach the server. Open the app and answer there."),
        "unlinked": _("This device is no longer linked to {login}."),
    }


def worker_settings(*, shell: bytes, pages: list[str]) -> dict[str, Any]:
    """What the service worker is told. Its version changes with anything that it keeps or says."""
    told = {
        "pages": pages,
        "files": files(),
        "texts": words(),
        "answerInNotification": settings.KAUTH_ANSWER_IN_NOTIFICATION,
        "icon": staticfiles_storage.url("img/app-192.png"),
    }
    digest = hashlib.sha256(shell + json.dumps(told, sort_keys=True).encode())
    return {"version": digest.hexdigest()[:16], **told}
