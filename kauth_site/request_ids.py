"""A name for each request, socket and task, so that lines of the log can be put together."""

import re
import secrets
from contextvars import ContextVar
from typing import Any

from celery import Task
from django.conf import settings

HEADER = "X-Request-ID"
# What our proxies make; anything else would be the caller's text in our log.
FORM = re.compile(r"[0-9A-Za-z-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="-")


def current() -> str:
    return _current.get()


def begin(said_by_proxy: str = "") -> str:
    """From here on, in this request or task, this is its name."""
    believed = settings.KAUTH_TRUSTED_PROXIES and FORM.fullmatch(said_by_proxy)
    name = said_by_proxy if believed else secrets.token_hex(16)
    _current.set(name)
    return name


def of_socket(scope: dict[str, Any]) -> None:
    said = [value for name, value in scope["headers"] if name.lower() == HEADER.lower().encode()]
    begin(said[0].decode("latin1") if len(said) == 1 else "")


def of_task(task: Task, **_: Any) -> None:
    """Celery calls it before each task. One that is done on the spot belongs to its request."""
    if not task.request.is_eager:
        begin()
