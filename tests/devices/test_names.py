"""What other people call their devices is made harmless before it is stored (D-99)."""

import unicodedata

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from accounts import hidden_characters
from accounts.models import User
from devices import names
from tests.linked import Linked
from tests.pages import two_factor_browser
from tests.people import link_device

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Pixel 8", "Pixel 8"),
        ("  Alice\u2019s   phone ", "Alice\u2019s phone"),
        ("Téléphone 电话 📱", "Téléphone 电话 📱"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),  # escaped where shown
        ("e\u0301", "\u00e9"),  # NFC
        ("\u202egpj.exe", "gpj.exe"),  # right-to-left override
        ("\u2066a\u2069", "a"),  # isolates
        ("\x1b[2Jgone", "[2Jgone"),  # a terminal would be wiped
        ("a\x00b", "a b"),
        ("one\ntwo\u2028three", "one two three"),
        ("zero\u200bwidth", "zero width"),
        ("half \ud800 character", "half character"),
        ("\x9b31m", "31m"),  # C1
    ],
)
def test_d99_a_name_holds_nothing_that_is_not_shown(text: str, shown: str) -> None:
    assert names.clean(text) == shown


@pytest.mark.parametrize("text", ["", "   ", "\u202e", "\x00\x00", "\u200b"])
def test_a_device_without_a_name_is_called_device(text: str) -> None:
    assert names.clean(text) == names.NAMELESS


def test_d99_a_name_has_at_most_forty_characters() -> None:
    assert names.clean("x" * 41) == "x" * 40
    assert names.clean("x" * 39 + " y") == "x" * 39


@given(st.text(st.characters(), max_size=100))
def test_d99_whatever_is_sent_the_name_is_one_short_visible_line(text: str) -> None:
    name = names.clean(text)
    assert 0 < len(name) <= names.LONGEST
    assert unicodedata.is_normalized("NFC", name)
    assert not {unicodedata.category(c) for c in name} & hidden_characters.HIDDEN
    assert name.encode()


@given(st.text(max_size=100))
def test_a_clean_name_stays_as_it_is(text: str) -> None:
    assert names.clean(names.clean(text)) == names.clean(text)


@pytest.mark.parametrize("platform", ["cli", "android-web", "ios-web", "a" * 20])
def test_a_platform_is_one_short_word(platform: str) -> None:
    assert names.clean_platform(platform) == platform


@pytest.mark.parametrize("platform", ["", "a" * 21, "Android", "cli\n", "<b>", "\ud800", "à"])
def test_any_other_platform_is_other(platform: str) -> None:
    assert names.clean_platform(platform) == "other"


@pytest.mark.django_db(transaction=True)
def test_d99_a_mail_has_it_as_text(alice: Linked) -> None:
    link_device(alice.user, MARKUP)
    message = mail.outbox[-1].message()
    assert message.get_content_type() == "text/plain"
    assert MARKUP in message.get_payload()


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["devices/device/", "accounts/securityevent/"])
def test_d99_the_admin_has_it_as_text(alice: Linked, page: str) -> None:
    link_device(alice.user, MARKUP)
    User.objects.update(is_staff=True, is_superuser=True)
    shown = two_factor_browser(alice.user).get(f"/admin/{page}").content.decode()
    assert "&lt;img src=x" in shown
    assert "<img src=x" not in shown
