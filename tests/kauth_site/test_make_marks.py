"""The mark has one source: what the command draws is exactly what the pages show."""

import struct
import zlib
from pathlib import Path

import pytest
from django.conf import settings

from kauth_site.management.commands import make_marks

SHOWN = Path(settings.BASE_DIR) / "static" / "img"
SIDES = {"app-180": 180, "app-192": 192, "app-512": 512, "app-maskable-512": 512}


def pixels_of(png: bytes) -> list[list[tuple[int, ...]]]:
    """The rows of a PNG of ours: no filter, four bytes a pixel, all in one IDAT chunk."""
    side = struct.unpack(">I", png[16:20])[0]
    begin = png.index(b"IDAT") + 4
    rows = zlib.decompressobj().decompress(png[begin:])
    width = 1 + 4 * side
    lines = [rows[at + 1 : at + width] for at in range(0, len(rows), width)]
    return [[tuple(line[at : at + 4]) for at in range(0, 4 * side, 4)] for line in lines]


@pytest.mark.parametrize("name", sorted(make_marks.marks()))
def test_the_command_draws_the_file_that_is_shown(name: str) -> None:
    assert make_marks.marks()[name] == (SHOWN / name).read_text()


def test_the_mark_is_small_enough_for_every_page() -> None:
    assert all(len(drawing.encode()) < 600 for drawing in make_marks.marks().values())


@pytest.mark.parametrize("name", sorted(SIDES))
def test_an_icon_is_a_png_of_the_size_that_the_manifest_says(name: str) -> None:
    content = (SHOWN / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (SIDES[name], SIDES[name])


def test_an_icon_shows_the_mark_on_its_ground_with_the_corners_cut() -> None:
    pixels = pixels_of(make_marks.draw_icon(64, corner=15))
    accent = bytes.fromhex(make_marks.ACCENT[1:])
    assert pixels[0][0][3] == 0
    assert pixels[55][32] == (*accent, 255)
    assert pixels[36][34] == (255, 255, 255, 255)
