"""Where a number is asked: in new browsers, always or never, as the setting says (D-01, D-02)."""

import pytest
from pytest_django import Settings

from tests.linked import Linked
from tests.twofactor.asking import ask
from twofactor.models import Match

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("setting", "known", "match"),
    [
        ("new-browser", True, Match.TAP),
        ("new-browser", False, Match.NUMBER),
        ("always", True, Match.NUMBER),
        ("always", False, Match.NUMBER),
        ("never", True, Match.TAP),
        ("never", False, Match.TAP),
    ],
)
def test_d01_the_setting_says_where_a_number_is_asked(
    alice: Linked, settings: Settings, setting: str, known: bool, match: Match
) -> None:
    settings.KAUTH_NUMBER_MATCHING = setting
    challenge = ask(alice, known=known)
    assert challenge.match == match
    assert bool(challenge.number) == (match == Match.NUMBER)
