"""The people of the journeys."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys.member import Member
from tests.services.server import ServerProcess

NewMember = Callable[[], Member]


@pytest.fixture
def new_member(server: ServerProcess, tmp_path: Path) -> Iterator[NewMember]:
    """Makes people who have not signed up yet."""
    with ExitStack() as stack:

        def make() -> Member:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            member = Member(server.origin, folder)
            stack.callback(member.close)
            return member

        yield make


@pytest.fixture
def member(new_member: NewMember) -> Member:
    """Somebody with a linked device, signed out, whose browser the account knows."""
    member = new_member()
    member.enrols()
    return member


@pytest.fixture
def inside(new_member: NewMember) -> Member:
    """Somebody with a device that signs in this process, for what no honest program would do;
    signed in.
    """
    member = new_member()
    member.enrols_by_wire()
    return member


@pytest.fixture
def wired(inside: Member) -> Member:
    """The same, signed out."""
    inside.browser.press("Log out")
    return inside
