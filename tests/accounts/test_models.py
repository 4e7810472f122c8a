"""One form of a login ID, sessions under a digest, evidence that nobody rewrites."""

import sys
import unicodedata
from datetime import UTC, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import audit
from accounts.models import EventKind, SecurityEvent, User, canonical_login_id
from accounts.visitors import Visitor
from tests.people import PASSWORD, VISITOR, make_user

# --- Login IDs ----------------------------------------------------------------------------

SPELLINGS = [
    "alice@example.org",
    "ALICE@Example.ORG",
    "  alice@example.org\t",
    "\u3000alice@example.org\u00a0",
    "ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｏｒｇ",  # full width
    "𝒶𝓁𝒾𝒸ℯ@example.org",
    "ALⅠCE@example.org",  # a Roman numeral one
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_d57_every_spelling_has_one_form(spelling: str) -> None:
    assert canonical_login_id(spelling) == "alice@example.org"


@pytest.mark.parametrize("other", ["аlice@example.org", "alice\u200b@example.org", "alıce@b.de"])
def test_what_only_looks_alike_is_somebody_else(other: str) -> None:
    assert canonical_login_id(other) != "alice@example.org"


@given(text=st.text(max_size=20))
def test_d57_the_one_form_has_no_other(text: str) -> None:
    once = canonical_login_id(text)
    assert canonical_login_id(once) == once


def test_d57_no_character_has_two_forms() -> None:
    characters = map(chr, range(sys.maxunicode + 1))
    assert [
        hex(ord(character))
        for character in characters
        if canonical_login_id(once := canonical_login_id(f"a{character}b")) != once
        or not unicodedata.is_normalized("NFKC", once)
    ] == []


@pytest.mark.django_db
def test_an_account_is_kept_and_found_under_the_one_form() -> None:
    user = make_user("Ａlice@Example.org ")
    assert user.login_id == "alice@example.org"
    assert User.objects.get_by_natural_key("ALICE@EXAMPLE.ORG") == user


@pytest.mark.django_db
def test_two_accounts_never_share_a_login_id() -> None:
    make_user()
    with pytest.raises(ValidationError):
        make_user("ALICE@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User(login_id="alice@example.org").save()


@pytest.mark.django_db
@pytest.mark.parametrize("login_id", ["", "alice", "alice@", "a b@example.org", "a\x00@b.de"])
def test_a_login_id_is_an_e_mail_address(login_id: str) -> None:
    with pytest.raises(ValidationError):
        make_user(login_id)


@pytest.mark.django_db
def test_a_person_is_named_by_their_login_id() -> None:
    user = make_user()
    assert user.get_short_name() == user.get_full_name() == str(user) == "alice@example.org"


@pytest.mark.django_db
def test_only_who_is_made_a_superuser_is_one() -> None:
    assert not make_user().is_superuser
    root = User.objects.create_superuser("root@example.org", PASSWORD)
    assert (root.is_staff, root.is_superuser) == (True, True)


# --- Evidence (D-100) ---------------------------------------------------------------------


@pytest.fixture
def event() -> SecurityEvent:
    user = make_user()
    return audit.record(
        EventKind.SIGNED_IN, user=user, visitor=VISITOR, device_name="Pixel 8", method="kauth"
    )


@pytest.mark.django_db
def test_d100_an_event_says_who_what_when_from_where_and_with_which_device(
    event: SecurityEvent,
) -> None:
    row = SecurityEvent.objects.get()
    assert (row.login_id, row.kind, row.method) == ("alice@example.org", "signed_in", "kauth")
    assert (row.address, row.browser) == (VISITOR.address, VISITOR.browser)
    assert row.device_name == "Pixel 8"
    assert row.created_at.tzinfo == UTC
    assert timezone.now() - row.created_at < timedelta(minutes=1)


@pytest.mark.django_db
def test_d100_an_event_is_never_changed(event: SecurityEvent) -> None:
    event.kind = EventKind.SIGNED_OUT
    with pytest.raises(TypeError, match="never changed"):
        event.save()
    with pytest.raises(TypeError, match="never changed"):
        SecurityEvent.objects.filter(pk=event.pk).update(kind=EventKind.SIGNED_OUT)
    with pytest.raises(TypeError, match="never changed"), transaction.atomic():
        SecurityEvent.objects.bulk_update([event], ["kind"])
    assert SecurityEvent.objects.get().kind == EventKind.SIGNED_IN


@pytest.mark.django_db
def test_d100_an_event_is_never_deleted(event: SecurityEvent) -> None:
    with pytest.raises(TypeError, match="never deleted"):
        event.delete()
    with pytest.raises(TypeError, match="never deleted"):
        SecurityEvent.objects.all().delete()
    assert SecurityEvent.objects.count() == 1


@pytest.mark.django_db
def test_d100_events_outlive_the_account(event: SecurityEvent) -> None:
    User.objects.get().delete()
    assert SecurityEvent.objects.get().login_id == "alice@example.org"


@pytest.mark.django_db
def test_the_newest_event_comes_first(event: SecurityEvent) -> None:
    later = audit.record(EventKind.SIGNED_OUT)
    assert list(SecurityEvent.objects.all()) == [later, event]


@pytest.mark.django_db
def test_nobody_and_nowhere_can_be_written_down() -> None:
    row = audit.record(EventKind.PASSWORD_WRONG, visitor=Visitor())
    assert (row.user, row.login_id, row.address) == (None, "", None)


def test_every_kind_has_a_name_that_fits_its_column() -> None:
    longest = SecurityEvent._meta.get_field("kind").max_length or 0
    assert max(len(kind) for kind in EventKind) <= longest
