"""The one place through which everything reaches the terminal, and the lines a person types.

What a server says is text here and never a command to the terminal (D-12, D-99).
"""

import asyncio
import contextlib
import json
import os
import re
import sys
import termios
import threading
import unicodedata
from getpass import getpass
from typing import Any, Final, TextIO

_MAX_LINE: Final = 400
_MAX_VALUE: Final = 80
_MAX_INPUT: Final = 1000
_ESCAPE_SEQUENCE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours, cursor, erasing
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links
    r"|\x1b[ -/]*[0-~]?"
)
# Controls, bidi and other format characters, halves of pairs, line and paragraph separators.
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def safe(text: str, limit: int = _MAX_LINE) -> str:
    """`text` as one line of at most `limit` visible characters that cannot move the cursor."""
    plain = unicodedata.normalize("NFC", _ESCAPE_SEQUENCE.sub("", text))
    kept = "".join(char for char in plain if unicodedata.category(char) not in _UNSAFE_CATEGORIES)
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def short(text: str) -> str:
    """One value of the server inside a line: too short to push the rest of the line away."""
    return safe(text, _MAX_VALUE)


class Terminal:
    """Standard output, standard error and the lines of standard input."""

    def __init__(
        self,
        output: TextIO | None = None,
        errors: TextIO | None = None,
        lines: "Lines | None" = None,
    ) -> None:
        self._output = output or sys.stdout
        self._errors = errors or sys.stderr
        self.lines = lines or Lines(0)

    def say(self, line: str = "") -> None:
        print(safe(line), file=self._output, flush=True)

    def warn(self, line: str) -> None:
        print(safe(line), file=self._errors, flush=True)

    def prompt(self, text: str) -> None:
        print(safe(text), end=" ", file=self._output, flush=True)

    def say_json(self, data: Any) -> None:
        # ASCII only: JSON then escapes by itself what a terminal could obey, except DEL.
        text = json.dumps(data, indent=2, ensure_ascii=True).replace("\x7f", "\\u007f")
        print(text, file=self._output, flush=True)

    @property
    def has_person(self) -> bool:
        return self.lines.is_terminal

    def ask_secret(self, text: str) -> str:
        return getpass(f"{safe(text)} ", stream=self._errors)


class Lines:
    """Lines of a file descriptor, read only when asked for; the wait for one can be abandoned.

    A thread reads, because files, pipes and /dev/null cannot all be watched by an event loop; it is
    a daemon on the bare descriptor, so that a program that ends does not wait for a line.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._pending: asyncio.Future[str | None] | None = None

    @property
    def is_terminal(self) -> bool:
        return os.isatty(self._descriptor)

    def forget_typed(self) -> None:
        """Drops what was typed at a terminal before the question stood there (D-11)."""
        if not self.is_terminal:
            return
        termios.tcflush(self._descriptor, termios.TCIFLUSH)
        self._rest = b""
        if self._pending is not None and self._pending.done():
            self._pending = None

    async def next(self) -> str | None:
        """The next line without its end, or None at the end of the input."""
        if self._pending is None:
            self._pending = self.begin_reading()
        line = await asyncio.shield(self._pending)
        self._pending = None
        return line

    def begin_reading(self) -> asyncio.Future[str | None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str | None] = loop.create_future()

        def deliver(line: str | None) -> None:
            if not future.done():
                future.set_result(line)

        def read() -> None:
            line = self._read_line()
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(deliver, line)

        threading.Thread(target=read, name="typed-lines", daemon=True).start()
        return future

    def _read_line(self) -> str | None:
        while b"\n" not in self._rest:
            chunk = self._read_chunk()
            if not chunk:
                line, self._rest = self._rest, b""
                return line.decode(errors="replace") if line else None
            self._rest += chunk
            if b"\n" not in self._rest and len(self._rest) > _MAX_INPUT:
                self._rest = self._rest[:_MAX_INPUT] + b"\n"
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace").removesuffix("\r")

    def _read_chunk(self) -> bytes:
        try:
            return os.read(self._descriptor, 4096)
        except OSError:  # a closed descriptor or a terminal that has gone: nobody types there
            return b""
