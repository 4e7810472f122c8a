"""Waiting for what comes from outside the test: as short as it can be, and never for ever."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 30  # seconds after which something that should happen is taken not to happen

Found = TypeVar("Found")


def until(
    look: Callable[[], Found],
    what: str,
    seconds: float = PATIENCE,
    pause: Callable[[float], object] = time.sleep,
) -> Found:
    """What `look` returns, as soon as it is something; `what` says what did not come."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not come"
        pause(0.02)
    return found
