"""The two pictures of a run, as SVG: how long journeys took, and what connected devices cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 320, 64, 30, 20, 56
COLOURS = ("#0b57d0", "#0f6b3a", "#7a4d00", "#b3261e", "#566173", "#6a1b9a", "#00838f")
Scale = Callable[[float], float]
Mark = tuple[float, str]


@dataclass(frozen=True)
class Frame:
    """Where values lie on the paper, and what is written at the axes."""

    x: Scale
    y: Scale
    x_marks: Sequence[Mark]
    y_marks: Sequence[Mark]
    caption: str


def latency(samples: dict[str, list[float]]) -> str:
    """How many of the journeys were done after so many milliseconds, on a logarithmic scale."""
    span = max(1.0, log10(max(max(values) for values in samples.values())))
    frame = Frame(
        x=across(lambda ms: log10(max(ms, 1)) / span),
        y=upwards(lambda share: share),
        x_marks=[(10**n, f"{10**n} ms") for n in range(int(span) + 1)],
        y_marks=[(share, f"{share:.0%}") for share in (0.0, 0.5, 0.95, 1.0)],
        caption="whole journey, one person at a time, without thinking time and password hash",
    )
    lines = {
        name: [(ms, (rank + 1) / len(values)) for rank, ms in enumerate(sorted(values))]
        for name, values in samples.items()
    }
    return drawn(frame, lines)


def idle_cost(rows: list[dict[str, Any]], floor_kib: float) -> str:
    """MiB of the process that holds the sockets, by devices that have nothing to say."""
    points = [(0.0, 0.0)]
    points += [(one["devices"], one["devices"] * one["kib_per_device"] / 1024) for one in rows]
    most, heaviest = points[-1][0], max(mib for _, mib in points) * 1.1
    frame = Frame(
        x=across(lambda devices: devices / most),
        y=upwards(lambda mib: mib / heaviest),
        x_marks=[(devices, f"{devices:g}") for devices, _ in points],
        y_marks=[(mib, f"{mib:.0f} MiB") for _, mib in points],
        caption="memory of the process with the sockets, by idle devices that are connected",
    )
    floor = [(0.0, 0.0), (most, most * floor_kib / 1024)]
    return drawn(frame, {"kAuth": points, "bare Channels consumer": floor})


def across(share: Scale) -> Scale:
    return lambda value: LEFT + (WIDTH - LEFT - RIGHT) * max(0.0, share(value))


def upwards(share: Scale) -> Scale:
    return lambda value: TOP + (HEIGHT - TOP - BOTTOM) * (1 - share(value))


def drawn(frame: Frame, lines: dict[str, list[tuple[float, float]]]) -> str:
    parts = [*_grid(frame), *_words(frame)]
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in points)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        top = TOP + 14 + 16 * number
        parts.append(f'<text x="{LEFT + 8}" y="{top}" fill="{colour}">{name}</text>')
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _grid(frame: Frame) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    upright = [(frame.x(at), TOP, frame.x(at), bottom) for at, _ in frame.x_marks]
    level = [(LEFT, frame.y(at), right, frame.y(at)) for at, _ in frame.y_marks]
    return [
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#d5dbe5"/>'
        for x1, y1, x2, y2 in (*upright, *level)
    ]


def _words(frame: Frame) -> list[str]:
    below = HEIGHT - BOTTOM + 18
    words: list[tuple[float, float, str, str]] = [
        (frame.x(at), below, "middle", said) for at, said in frame.x_marks
    ]
    words += [(LEFT - 8, frame.y(at) + 4, "end", said) for at, said in frame.y_marks]
    words += [(WIDTH / 2, HEIGHT - 12, "middle", frame.caption)]
    return [
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#17202e">{said}</text>'
        for x, y, anchor, said in words
    ]
