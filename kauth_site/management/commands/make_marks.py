"""Draws the mark and what is made from it, so that nobody edits those files by hand."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from kauth_site.png import Drawing, Point, Stroke, draw

ACCENT = "#0b57d0"
STEM_AND_LEG = "M18 15v34M34 37l12 12"
CHECK = "M26 29l8 8 13-21"
# The same three lines, where the stem and the leg are half as strong.
LINES: tuple[tuple[tuple[Point, ...], float], ...] = (
    (((18, 15), (18, 49)), 0.5),
    (((34, 37), (46, 49)), 0.5),
    (((26, 29), (34, 37), (47, 16)), 1),
)
WIDTH = 7.5
# A launcher may cut a maskable icon down to the circle of four fifths in its middle.
INSIDE_THE_CIRCLE = 0.85


def draw_mark(*, corner: int) -> str:
    """A K on the accent ground whose arms are a check; `corner` is its radius on a side of 64."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="{corner}" fill="{ACCENT}"/>'
        '<g fill="none" stroke="#fff" stroke-width="7.5" stroke-linecap="round"'
        ' stroke-linejoin="round">'
        f'<path d="{STEM_AND_LEG}" opacity=".5"/><path d="{CHECK}"/></g></svg>\n'
    )


def draw_icon(side: int, *, corner: float, size: float = 1) -> bytes:
    """The same mark as a PNG for launchers; `size` makes it smaller on its ground."""

    def place(point: Point) -> Point:
        return 32 + (point[0] - 32) * size, 32 + (point[1] - 32) * size

    strokes = tuple(
        Stroke(tuple(place(point) for point in line), WIDTH * size, opacity)
        for line, opacity in LINES
    )
    red, green, blue = bytes.fromhex(ACCENT[1:])
    return draw(Drawing((red, green, blue), corner, strokes), side)


def marks() -> dict[str, str]:
    # The favicon is drawn at 16 pixels, where a smaller corner keeps more of the ground.
    return {"mark.svg": draw_mark(corner=15), "favicon.svg": draw_mark(corner=12)}


def icons() -> dict[str, bytes]:
    """The icons of the installed app. iOS and maskable ones have their corners cut by others."""
    return {
        "app-180.png": draw_icon(180, corner=0),
        "app-192.png": draw_icon(192, corner=15),
        "app-512.png": draw_icon(512, corner=15),
        "app-maskable-512.png": draw_icon(512, corner=0, size=INSIDE_THE_CIRCLE),
    }


class Command(BaseCommand):
    help = "Draws the mark, the favicon and the app's icons in static/img."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to",
            type=Path,
            default=settings.BASE_DIR / "static" / "img",
            help="the folder that gets the files",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        files = {name: drawing.encode() for name, drawing in marks().items()} | icons()
        for name, content in files.items():
            path = options["to"] / name
            path.write_bytes(content)
            self.stdout.write(f"{path} ({len(content)} bytes)")
