"""Long work in small steps: no lock and no list grows with the table, and others get their turn."""

import time
from collections.abc import Callable

# As a share of the time that a step took: whoever signs in finds processors and database free.
REST = 0.25


def repeat(step: Callable[[int], int], *, size: int, most: int) -> int:
    """Calls `step` with `size`, up to `most` times, until it does less than that; returns how much
    it did in all.
    """
    total = 0
    for _ in range(most):
        began = time.monotonic()
        done = step(size)
        total += done
        if done < size:
            break
        time.sleep(REST * (time.monotonic() - began))
    return total
