"""What a test needs beside Python and this machine may not have."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

from tests.services.processes import MissingProgramError


def leave_out(words: str) -> NoReturn:
    """Skips the test by name; on CI, where nothing may be left out, it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(words, pytrace=False)
    pytest.skip(words)


@contextmanager
def available_or_said() -> Iterator[None]:
    try:
        yield
    except MissingProgramError as error:
        leave_out(str(error))
