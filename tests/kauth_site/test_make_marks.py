"""The mark has one source: the command draws exactly the files that the pages show."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from kauth_site.management.commands import make_marks

SHOWN = Path(settings.BASE_DIR) / "static" / "img"


@pytest.mark.parametrize("name", sorted(make_marks.marks()))
def test_the_command_draws_the_file_that_is_shown(name: str, tmp_path: Path) -> None:
    call_command("make_marks", to=tmp_path, verbosity=0)
    assert (tmp_path / name).read_text() == (SHOWN / name).read_text()


def test_the_mark_is_small_enough_for_every_page() -> None:
    assert all(len(drawing.encode()) < 600 for drawing in make_marks.marks().values())
