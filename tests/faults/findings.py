"""What was seen of each fault: printed when the tests are through, for docs/operations.md."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Findings:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, fault: str, seen: str) -> None:
        self.lines.append(f"{fault}: {seen}")

    @contextmanager
    def time(self, fault: str, what: str) -> Iterator[None]:
        """How long the block took; it begins when the fault has ended."""
        began = time.monotonic()
        yield
        self.note(fault, f"{what} {time.monotonic() - began:.1f} s after its end")


FINDINGS = Findings()
