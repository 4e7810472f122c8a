"""Draws the mark and what is made from it, so that nobody edits those files by hand."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

ACCENT = "#0b57d0"
STEM_AND_LEG = "M18 15v34M34 37l12 12"
CHECK = "M26 29l8 8 13-21"


def draw_mark(*, corner: int) -> str:
    """A K on the accent ground whose arms are a check; `corner` is its radius on a side of 64."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="{corner}" fill="{ACCENT}"/>'
        '<g fill="none" stroke="#fff" stroke-width="7.5" stroke-linecap="round"'
        ' stroke-linejoin="round">'
        f'<path d="{STEM_AND_LEG}" opacity=".5"/><path d="{CHECK}"/></g></svg>\n'
    )


def marks() -> dict[str, str]:
    # The favicon is drawn at 16 pixels, where a smaller corner keeps more of the ground.
    return {"mark.svg": draw_mark(corner=15), "favicon.svg": draw_mark(corner=12)}


class Command(BaseCommand):
    help = "Draws static/img/mark.svg and static/img/favicon.svg."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to",
            type=Path,
            default=settings.BASE_DIR / "static" / "img",
            help="the folder that gets the files",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name, drawing in marks().items():
            path = options["to"] / name
            path.write_text(drawing, encoding="utf-8")
            self.stdout.write(f"{path} ({len(drawing)} bytes)")
