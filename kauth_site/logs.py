"""What may not stand in a log: the secret part of an address."""

import logging
import re

LINE = "{asctime} {levelname} {name}: {message}"
RESET_LINK = re.compile(r"(/password/reset/[^/\s]+/)[^/\s]+")


class SafeLine(logging.Formatter):
    """Django logs the path of a refused request; a reset link's holds a live token.

    The whole line is looked at, traceback and all.
    """

    def __init__(self, line: str = LINE) -> None:
        super().__init__(line, style="{")

    def format(self, record: logging.LogRecord) -> str:
        return RESET_LINK.sub(r"\1…", super().format(record))
