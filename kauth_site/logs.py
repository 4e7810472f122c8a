"""How a line of the log looks, and what may not stand in it: the secret part of an address."""

import json
import logging
import re
from datetime import UTC, datetime

from kauth_site import request_ids

LINE = "{asctime} {levelname} [{request_id}] {name}: {message}"
SECRET_LINK = re.compile(r"(/password/reset/[^/\s]+/|/2fa/veto/|/not-me/|/address/)[^/\s\"]+")


class RequestId(logging.Filter):
    """Gives each record the name of the request, socket or task that it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_ids.current()
        return True


class CallersFault(logging.Filter):
    """A request that cannot be read is one line, or a stranger could fill the log by tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR or record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


class SafeLine(logging.Formatter):
    """Django logs the path of a refused request; that of a mailed link holds a live token.

    The whole line is looked at, traceback and all.
    """

    def __init__(self, line: str = LINE) -> None:
        super().__init__(line, style="{")

    def format(self, record: logging.LogRecord) -> str:
        return SECRET_LINK.sub(r"\1…", super().format(record))


class SafeJson(logging.Formatter):
    """One JSON object a line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        return SECRET_LINK.sub(r"\1…", json.dumps(facts, ensure_ascii=False))
