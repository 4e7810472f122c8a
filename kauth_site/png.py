"""Draws strokes with round ends on a rounded ground, and writes them as PNG (RFC 2083).

Enough for the icons of an installed app, which have to be PNG, and no more.
"""

import math
import struct
import zlib
from dataclasses import dataclass

Point = tuple[float, float]
Colour = tuple[int, int, int]

RGBA_8_BIT = bytes((8, 6, 0, 0, 0))


@dataclass(frozen=True)
class Stroke:
    """A line through `points`, `opacity` from 0 to 1."""

    points: tuple[Point, ...]
    width: float
    opacity: float

    def distance(self, x: float, y: float) -> float:
        """From the edge of the stroke, negative inside it."""
        parts = zip(self.points, self.points[1:], strict=False)
        return min(_to_segment(x, y, *part) for part in parts) - self.width / 2


@dataclass(frozen=True)
class Drawing:
    """On a square of 64: a ground with rounded corners, and white strokes on it."""

    ground: Colour
    corner: float
    strokes: tuple[Stroke, ...]


def draw(drawing: Drawing, side: int) -> bytes:
    """The PNG of `drawing`, `side` pixels wide and high, with smooth edges."""
    pixel = 64 / side
    places = [(number + 0.5) * pixel for number in range(side)]
    rows = [
        b"\0" + b"".join(_colour(drawing, x, y, pixel) for x in places)  # 0: no filter
        for y in places
    ]
    return _png(side, b"".join(rows))


def _colour(drawing: Drawing, x: float, y: float, pixel: float) -> bytes:
    white = 0.0
    for stroke in drawing.strokes:
        cover = _coverage(stroke.distance(x, y), pixel) * stroke.opacity
        white += (1 - white) * cover
    alpha = _coverage(_to_ground(x, y, drawing.corner), pixel)
    mixed = (round(part + (255 - part) * white) for part in drawing.ground)
    return bytes((*mixed, round(255 * alpha)))


def _coverage(distance: float, pixel: float) -> float:
    """How much of a pixel an edge at this distance leaves covered."""
    return min(1.0, max(0.0, 0.5 - distance / pixel))


def _to_ground(x: float, y: float, corner: float) -> float:
    across, down = abs(x - 32) - 32 + corner, abs(y - 32) - 32 + corner
    return math.hypot(max(across, 0), max(down, 0)) + min(max(across, down), 0) - corner


def _to_segment(x: float, y: float, start: Point, end: Point) -> float:
    across, down = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * across + (y - start[1]) * down) / (across**2 + down**2)
    along = min(1.0, max(0.0, along))
    return math.hypot(x - start[0] - along * across, y - start[1] - along * down)


def _png(side: int, rows: bytes) -> bytes:
    header = struct.pack(">II", side, side) + RGBA_8_BIT
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
