"""Questions whose time is over: marked in batches, each with its event, and not one twice."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts import audit_check, audit_seals
from accounts.models import EventKind, SecurityEvent
from devices.models import PendingRing
from tests.linked import Linked
from tests.twofactor.asking import answer, ask
from twofactor import overdue
from twofactor.models import Challenge, State

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def make_overdue() -> None:
    Challenge.objects.update(expires_at=F("created_at"), redeem_until=F("created_at"))


def ended() -> list[str]:
    """To whom the log says that a question was not answered in time."""
    events = SecurityEvent.objects.filter(kind=EventKind.REQUEST_EXPIRED)
    return sorted(events.values_list("login_id", flat=True))


def test_each_ends_once_and_with_its_event(alice: Linked, bob: Linked) -> None:
    answer(alice, ask(alice))
    ask(bob)
    make_overdue()
    assert (overdue.end(10), overdue.end(10)) == (2, 0)
    assert set(Challenge.objects.values_list("state", flat=True)) == {State.EXPIRED}
    assert not Challenge.objects.filter(ended_at=None).exists()
    assert ended() == sorted([alice.user.login_id, bob.user.login_id])


def test_two_unused_answers_of_one_account_are_two_events(alice: Linked) -> None:
    for _ in range(2):
        answer(alice, ask(alice))
    make_overdue()
    assert overdue.end(10) == 2
    assert ended() == [alice.user.login_id] * 2


def test_no_more_end_than_were_asked_for(alice: Linked, bob: Linked) -> None:
    answer(alice, ask(alice))
    ask(bob)
    make_overdue()
    assert [overdue.end(1), overdue.end(1), overdue.end(1)] == [1, 1, 0]


def test_the_events_are_those_of_a_person_in_full(alice: Linked) -> None:
    ask(alice)
    make_overdue()
    overdue.end(10)
    event = SecurityEvent.objects.get(kind=EventKind.REQUEST_EXPIRED)
    assert (event.user, event.address, event.browser, event.times) == (alice.user, None, "", 1)
    while audit_seals.seal_new():
        pass
    assert audit_check.verify().broken is None


def test_as_many_statements_for_two_as_for_one(alice: Linked, bob: Linked) -> None:
    def statements() -> int:
        Challenge.objects.update(expires_at=F("created_at"), state=State.PENDING)
        with CaptureQueriesContext(connection) as captured:
            assert overdue.end(10)
        return len(captured)

    ask(alice)
    for_one = statements()
    ask(bob)
    assert statements() == for_one


@pytest.mark.usefixtures("alice")
def test_where_nothing_is_overdue_nothing_is_written() -> None:
    with CaptureQueriesContext(connection) as captured:
        assert overdue.end(10) == 0
    assert not [query for query in captured if query["sql"].startswith(("UPDATE", "INSERT"))]


def test_who_waits_no_more_is_not_told(
    alice: Linked, django_capture_on_commit_callbacks: Any
) -> None:
    ask(alice)
    Challenge.objects.update(expires_at=F("created_at") - 2 * overdue.RUNG_AFTER)
    with django_capture_on_commit_callbacks(execute=True):
        overdue.end(10)
    assert not PendingRing.objects.exists()


@pytest.mark.only_postgresql
def test_who_does_not_ask_by_time_goes_through_no_questions_of_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    pending = Challenge.objects.filter(state=State.PENDING).order_by("expires_at")
    assert "challenge_unanswered" not in pending.explain()
    assert "challenge_unanswered" in Challenge.objects.unanswered().order_by().explain()
    assert "challenge_unused" in Challenge.objects.unused().order_by().explain()
