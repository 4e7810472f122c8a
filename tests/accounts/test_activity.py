"""The person's own log: words, filter, pages that nothing shifts, and a table that is inert."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from accounts import activity, audit, oversight
from accounts.models import EventKind, SecurityEvent, User
from accounts.visitors import Visitor
from tests.linked import Linked
from tests.pages import browser, sign_in
from tests.people import VISITOR, make_user
from tests.twofactor.asking import answer, ask

pytestmark = pytest.mark.django_db

ACTIVITY = "/manager/activity/"
DOWNLOAD = "/manager/activity/download/"
FIREFOX = Visitor(address="9.9.9.9", browser="Firefox on Windows")


def record(user: User, kind: EventKind, **facts: Any) -> SecurityEvent:
    return audit.record(kind, user=user, visitor=FIREFOX, **facts)


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def visitor(user: User) -> Client:
    """Signed in, with an empty log."""
    visitor = browser()
    sign_in(visitor)
    QuerySet(SecurityEvent).delete()
    return visitor


def shown(visitor: Client, query: str = "") -> list[int]:
    return [event.pk for event in visitor.get(ACTIVITY + query).context["page"].events]


# --- Words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "device", "words"),
    [
        (EventKind.REQUEST_APPROVED, "Pixel 8", "Sign-in approved on Pixel 8 from"),
        (EventKind.SIGNED_IN, "Pixel 8", "Signed in with Pixel 8 from"),
        (EventKind.DEVICE_LINKED, "Pixel 8", "Device “Pixel 8” linked from"),
        (EventKind.TAMPERED, "Pixel 8", "A stored record does not fit its seal: “Pixel 8” from"),
        (EventKind.SIGNED_IN, "", "Signed in from"),
    ],
)
def test_an_entry_is_a_sentence(kind: EventKind, device: str, words: str) -> None:
    event = SecurityEvent(
        kind=kind, device_name=device, address="9.9.9.9", browser="Firefox on Windows"
    )
    assert activity.in_words(event) == f"{words} Firefox on Windows, 9.9.9.9"


def test_what_nobody_at_a_browser_did_is_from_nowhere() -> None:
    assert activity.in_words(SecurityEvent(kind=EventKind.TWO_FACTOR_RESET)) == (
        "Two-factor authentication reset"
    )


def test_a_place_stands_before_its_address() -> None:
    event = SecurityEvent(kind=EventKind.SIGNED_IN, address="192.168.1.5")
    assert activity.in_words(event) == "Signed in from the local network (192.168.1.5)"


def test_a_yes_is_told_with_the_browser_that_asked(alice: Linked) -> None:
    challenge = ask(alice)
    challenge.browser, challenge.address = FIREFOX.browser, FIREFOX.address
    challenge.save()
    answer(alice, challenge)
    event = SecurityEvent.objects.filter(kind=EventKind.REQUEST_APPROVED).get()
    said = "Sign-in approved on Pixel 8 from Firefox on Windows, 9.9.9.9"
    assert activity.in_words(event) == said
    assert event.detail == f"answered from {VISITOR.address}"


# --- Whose, which, in what order ----------------------------------------------------------


def test_a_person_sees_own_entries_only(user: User, visitor: Client) -> None:
    own = record(user, EventKind.CODE_WRONG)
    stranger = record(make_user("mallory@example.org"), EventKind.CODE_WRONG)
    audit.record(EventKind.CODE_WRONG)
    assert shown(visitor) == [own.pk]
    assert shown(visitor, f"?after={own.pk}") == []
    assert shown(visitor, f"?before={stranger.pk + 5}") == [own.pk]
    assert visitor.get(DOWNLOAD).content.decode().count(EventKind.CODE_WRONG) == 1


def test_strangers_see_no_entries() -> None:
    for page in (ACTIVITY, DOWNLOAD):
        assert browser().get(page).headers["Location"].startswith("/login/")


def test_a_group_shows_its_kinds_and_changes_are_all_the_rest(user: User, visitor: Client) -> None:
    signed, asked, linked = (
        record(user, kind).pk
        for kind in (EventKind.SIGNED_IN, EventKind.REQUEST_SENT, EventKind.DEVICE_LINKED)
    )
    assert shown(visitor, "?group=sign-ins") == [signed]
    assert shown(visitor, "?group=requests") == [asked]
    assert shown(visitor, "?group=changes") == [linked]
    assert shown(visitor, "?group=") == [linked, asked, signed]


def test_a_day_shows_what_happened_up_to_its_end(user: User, visitor: Client) -> None:
    last, later = (record(user, EventKind.CODE_WRONG) for _ in range(2))
    midnight = datetime(2030, 2, 1, tzinfo=UTC)
    for event, moment in ((last, midnight - timedelta(seconds=1)), (later, midnight)):
        QuerySet(SecurityEvent).filter(pk=event.pk).update(created_at=moment)
    assert shown(visitor, "?until=2030-01-31") == [last.pk]
    assert shown(visitor, "?until=2030-02-01") == [later.pk, last.pk]


@pytest.mark.parametrize(
    "query", ["?group=x", "?until=x", "?before=x", "?before=0", "?after=-1", f"?after={2**64}"]
)
def test_what_is_no_filter_filters_nothing(user: User, visitor: Client, query: str) -> None:
    made = record(user, EventKind.CODE_WRONG).pk
    assert shown(visitor, query) == [made]


# --- Pages --------------------------------------------------------------------------------


def walk(visitor: Client, link: str, query: str = "") -> Iterator[list[int]]:
    while True:
        page = visitor.get(ACTIVITY + query).context["page"]
        yield [event.pk for event in page.events]
        following = getattr(page, link)
        if following is None:
            return
        query = f"?{'before' if link == 'older' else 'after'}={following}"


def test_the_pages_hold_every_entry_once_both_ways(user: User, visitor: Client) -> None:
    made = [record(user, EventKind.CODE_WRONG).pk for _ in range(2 * activity.PAGE_SIZE + 5)]
    down = list(walk(visitor, "older"))
    assert [len(page) for page in down] == [25, 25, 5]
    assert [pk for page in down for pk in page] == made[::-1]
    up = list(walk(visitor, "newer", f"?after={made[4]}"))
    assert [pk for page in reversed(up) for pk in page] == made[:4:-1]


def test_what_happens_meanwhile_moves_no_page(user: User, visitor: Client) -> None:
    made = [record(user, EventKind.CODE_WRONG).pk for _ in range(30)]
    older = visitor.get(ACTIVITY).context["page"].older
    record(user, EventKind.CODE_WRONG)
    assert shown(visitor, f"?before={older}") == made[4::-1]


def test_the_links_keep_the_filter(user: User, visitor: Client) -> None:
    for _ in range(26):
        record(user, EventKind.CODE_WRONG)
    page = visitor.get(f"{ACTIVITY}?group=sign-ins").content.decode()
    assert "?group=sign-ins&amp;before=" in page
    assert f"{DOWNLOAD}?group=sign-ins" in page


def test_no_page_counts_or_skips_rows(
    user: User, visitor: Client, django_assert_max_num_queries: Any
) -> None:
    before = record(user, EventKind.CODE_WRONG).pk + 1
    with django_assert_max_num_queries(8) as asked:
        visitor.get(f"{ACTIVITY}?before={before}")
    assert not [q["sql"] for q in asked.captured_queries if "OFFSET" in q["sql"]]


# --- The table ----------------------------------------------------------------------------


def rows(visitor: Client, query: str = "") -> list[list[str]]:
    text = visitor.get(DOWNLOAD + query).content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_download_is_a_table_of_all_entries(user: User, visitor: Client) -> None:
    record(user, EventKind.SIGNED_IN, device_name="Pixel 8", method="kauth")
    heads, row = rows(visitor)
    assert heads == ["Time", "What", "Kind", "Device", "Method", "Address", "Browser", "Times"]
    assert row[1:] == [
        "Signed in with Pixel 8 from Firefox on Windows, 9.9.9.9",
        "signed_in",
        "Pixel 8",
        "kauth",
        "9.9.9.9",
        "Firefox on Windows",
        "1",
    ]
    assert datetime.fromisoformat(row[0]).utcoffset() is not None
    response = visitor.get(DOWNLOAD)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="kauth-')
    assert rows(visitor, "?group=changes") == [heads]


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\uff1d1+1", " =1", "\t=1", "|calc", "%0A"]
)
def test_no_name_becomes_a_formula(user: User, visitor: Client, name: str) -> None:
    record(user, EventKind.DEVICE_RENAMED, device_name=name)
    assert rows(visitor)[1][3] == f"'{name}"


def test_what_a_name_quotes_stays_in_its_cell(user: User, visitor: Client) -> None:
    record(user, EventKind.DEVICE_RENAMED, device_name='a","=1+1"\n=2')
    assert [len(row) for row in rows(visitor)] == [8, 8]


@pytest.mark.parametrize("counted", ["", "2: "])
def test_what_staff_did_says_so_and_not_where_they_were(user: User, counted: str) -> None:
    by = counted + oversight.by("boss@example.org", "Phone lost")
    event = record(user, EventKind.DEVICE_REMOVED, device_name="Pixel 8", detail=by)
    assert activity.in_words(event) == "Device “Pixel 8” removed by an administrator"
    table = activity.as_csv(activity.of(user))
    assert not [place for place in (FIREFOX.address, FIREFOX.browser) if place in table]


def test_where_a_help_desk_code_was_used_is_told(user: User) -> None:
    by = oversight.by("boss@example.org", "Phone lost")
    event = record(user, EventKind.HELPDESK_CODE_USED, detail=by)
    assert activity.in_words(event) == "Help-desk code used from Firefox on Windows, 9.9.9.9"
