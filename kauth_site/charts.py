"""Where the shapes of a chart stand: whole numbers for SVG attributes, which need no style."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

COLUMN, GAP, TALLEST = 10, 2, 40
WIDEST = 1000


@dataclass(frozen=True)
class Shape:
    x: int
    y: int
    width: int
    height: int


def columns(numbers: Sequence[int]) -> list[Shape]:
    """One column a number, side by side, the largest `TALLEST` high; what is not 0 can be seen."""
    most = max(numbers, default=0)
    heights = [_part(number, most, TALLEST) for number in numbers]
    return [
        Shape(place * COLUMN, TALLEST - height, COLUMN - GAP, height)
        for place, height in enumerate(heights)
    ]


def length(number: int, most: int) -> int:
    """How long a bar is beside the longest one, which is `WIDEST`."""
    return _part(number, most, WIDEST)


def shares(numbers: Sequence[int]) -> list[Shape]:
    """The parts of a whole, one after the other on a bar of `WIDEST`."""
    total = max(sum(numbers), 1)
    ends = [end * WIDEST // total for end in accumulate(numbers)]
    return [Shape(x, 0, end - x, TALLEST) for x, end in pairwise([0, *ends])]


def _part(number: int, most: int, size: int) -> int:
    return max(2, number * size // most) if number else 0
