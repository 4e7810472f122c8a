"""The log of events is chained: what somebody does to it past the site is found and named."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, audit_check, audit_seals
from accounts.models import EventKind, EventSeal, LogHead, SecurityEvent, User
from accounts.tasks import seal_log
from tests.people import VISITOR, make_user

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]

OTHER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


@pytest.fixture
def log() -> list[SecurityEvent]:
    """Five events, sealed, in a table whose owner has taken its triggers away."""
    user = make_user()
    for kind in (EventKind.PASSWORD_RIGHT, EventKind.REQUEST_SENT, EventKind.REQUEST_APPROVED):
        audit.record(kind, user=user, visitor=VISITOR, device_name="Pixel 8")
    audit.record(EventKind.SIGNED_IN, user=user, visitor=VISITOR, method="kauth")
    audit.record(EventKind.PASSWORD_WRONG, detail="a stranger")
    assert seal_log() == 5
    with connection.cursor() as cursor:
        names = {"postgresql": ("rows", "all"), "sqlite": ("UPDATE", "DELETE")}
        on = " ON accounts_securityevent" if connection.vendor == "postgresql" else ""
        for name in names[connection.vendor]:
            cursor.execute(f"DROP TRIGGER event_append_only_{name}{on}")
    return list(SecurityEvent.objects.order_by("pk"))


def table() -> QuerySet[SecurityEvent]:
    """Past the model, which refuses."""
    return QuerySet(SecurityEvent)


def rows(event: SecurityEvent) -> QuerySet[SecurityEvent]:
    return table().filter(pk=event.pk)


def broken(**options: Any) -> tuple[int, str]:
    found = audit_check.verify(**options).broken
    return (found.link, found.why) if found else (0, "")


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("audit", *arguments, stdout=output)
    return output.getvalue()


def test_a_log_that_nobody_touched_is_whole(log: list[SecurityEvent]) -> None:
    verdict = audit_check.verify()
    assert (verdict.links, verdict.waiting, verdict.broken) == (5, 0, None)


def test_every_column_of_an_event_is_sealed() -> None:
    columns = {field.name for field in SecurityEvent._meta.concrete_fields}
    assert columns == {"id", "created_at", "user", "address", *audit_seals.COLUMNS}


CHANGES: dict[str, Any] = {
    "created_at": timezone.now() - timedelta(seconds=5),
    "kind": EventKind.SIGNED_OUT,
    "user": None,
    "login_id": "mallory@example.org",
    "device_name": "iPhone",
    "method": "otp",
    "address": "192.0.2.9",
    "browser": "Safari on macOS",
    "detail": "nothing",
    "times": 7,
    "alike": "0" * 64,
}


@pytest.mark.parametrize("column", CHANGES)
def test_d100_a_change_of_a_sealed_event_is_found(log: list[SecurityEvent], column: str) -> None:
    rows(log[2]).update(**{column: CHANGES[column]})
    assert broken() == (3, "its event or its seal was changed")


@pytest.mark.parametrize("position", [0, 2, 4])
def test_d100_an_event_that_is_gone_is_found(log: list[SecurityEvent], position: int) -> None:
    rows(log[position]).delete()
    assert broken() == (position + 1, "its event is missing")


def test_d100_an_event_that_went_with_its_seal_is_found(log: list[SecurityEvent]) -> None:
    rows(log[2]).delete()
    EventSeal.objects.filter(event=log[2].pk).delete()
    assert broken() == (3, "the link is missing")


def test_d100_the_newest_events_cannot_be_cut_off(log: list[SecurityEvent]) -> None:
    rows(log[4]).delete()
    EventSeal.objects.filter(event=log[4].pk).delete()
    assert broken() == (5, "the newest links were cut off")
    LogHead.objects.update(sequence=4)
    assert broken() == (5, "the newest links were cut off")


def test_d100_a_cut_stays_to_be_seen_when_the_log_goes_on(log: list[SecurityEvent]) -> None:
    rows(log[4]).delete()
    EventSeal.objects.filter(event=log[4].pk).delete()
    LogHead.objects.update(sequence=4)
    audit.record(EventKind.SIGNED_OUT)
    seal_log()
    assert broken() == (5, "the log was cut off before it")
    assert SecurityEvent.objects.filter(kind=EventKind.TAMPERED).count() == 1
    seal_log()
    assert audit_check.verify(since=6).broken is None


def test_d100_two_events_cannot_change_places(log: list[SecurityEvent]) -> None:
    EventSeal.objects.filter(sequence=2).update(event=0)
    EventSeal.objects.filter(sequence=3).update(event=log[1].pk)
    EventSeal.objects.filter(sequence=2).update(event=log[2].pk)
    assert broken()[0] == 2


def test_d100_an_event_put_in_with_an_old_time_is_found(log: list[SecurityEvent]) -> None:
    forged = audit.record(EventKind.SIGNED_IN)
    rows(forged).update(created_at=timezone.now() - timedelta(days=3))
    seal_log()
    assert broken() == (6, "its event is older than those before it: it was put in later")


def test_d100_an_event_put_in_before_the_end_has_no_seal() -> None:
    first = audit.record(EventKind.SIGNED_IN)
    rows(first).delete()
    many = [SecurityEvent(kind="signed_out") for _ in range(audit_seals.LOOKBACK + 1)]
    table().bulk_create(many)
    seal_log()
    table().bulk_create([first])
    assert seal_log() == 0
    assert broken() == (0, "it stands before the end and has no seal")


def test_whoever_has_not_the_key_cannot_seal(log: list[SecurityEvent], settings: Any) -> None:
    kept = settings.KAUTH_AUDIT_KEY
    settings.KAUTH_AUDIT_KEY = OTHER_KEY
    rows(log[4]).update(detail="nothing")
    EventSeal.objects.filter(sequence=5).delete()
    LogHead.objects.all().delete()
    seal_log()
    settings.KAUTH_AUDIT_KEY = kept
    assert broken()[0] == 5


def test_d87_after_a_new_key_the_old_links_still_hold(
    log: list[SecurityEvent], settings: Any
) -> None:
    settings.KAUTH_AUDIT_KEY = f"{OTHER_KEY},{settings.KAUTH_AUDIT_KEY}"
    audit.record(EventKind.SIGNED_OUT)
    assert seal_log() == 1
    assert audit_check.verify().broken is None
    settings.KAUTH_AUDIT_KEY = OTHER_KEY
    assert broken()[0] == 1
    assert audit_check.verify(since=6).broken is None


def test_a_link_that_was_kept_elsewhere_tells_a_log_that_began_anew(
    log: list[SecurityEvent],
) -> None:
    kept = audit_check.verify().head
    assert audit_check.verify(head=kept).broken is None
    table().delete()
    EventSeal.objects.all().delete()
    LogHead.objects.all().delete()
    audit.record(EventKind.SIGNED_OUT)
    seal_log()
    assert audit_check.verify().broken is None
    assert broken(head=kept) == (5, "it is not the link that was kept")


def test_an_event_that_comes_late_is_sealed_all_the_same() -> None:
    """Its id is older than what is sealed: its transaction was open meanwhile."""
    late = audit.record(EventKind.SIGNED_IN)
    rows(late).delete()
    audit.record(EventKind.SIGNED_OUT)
    assert seal_log() == 1
    table().bulk_create([late])
    assert seal_log() == 1
    assert audit_check.verify().broken is None


def test_a_row_that_still_counts_is_sealed_when_its_minute_is_long_over() -> None:
    row = audit.record(EventKind.THROTTLED, visitor=VISITOR)
    assert seal_log() == 0
    audit.record(EventKind.THROTTLED, visitor=VISITOR)
    rows(row).update(created_at=timezone.now() - audit_seals.COUNTS)
    assert seal_log() == 1
    assert audit_check.verify().broken is None


def test_no_batch_is_longer_than_asked(log: list[SecurityEvent]) -> None:
    for number in range(5):
        make_user(f"u{number}@b.de")
    audit.record_for_each(EventKind.REQUEST_EXPIRED, User.objects.filter(login_id__endswith="b.de"))
    assert [audit_seals.seal_new(limit=3) for _ in range(3)] == [3, 2, 0]


@pytest.mark.parametrize("act", ["update", "delete"])
def test_d100_the_database_refuses_to_change_or_drop_a_sealed_event(act: str) -> None:
    event = audit.record(EventKind.SIGNED_IN)
    seal_log()
    refused: Callable[[], Any] = {
        "update": lambda: rows(event).update(detail="forged"),
        "delete": lambda: rows(event).delete(),
    }[act]
    refusal = pytest.raises(IntegrityError, match="never changed and never deleted")
    with refusal, transaction.atomic():
        refused()
    assert SecurityEvent.objects.get() == event


def test_audit_verify_says_that_the_log_is_whole(log: list[SecurityEvent]) -> None:
    audit.record(EventKind.SIGNED_OUT)
    assert "The log is whole: 5 events. 1 newer events have no seal yet." in run("verify")
    told = json.loads(run("verify", "--json"))
    assert (told["whole"], told["links"]) == (True, 5)
    assert run("verify", "--head", told["head"])


def test_audit_verify_names_the_first_broken_link(log: list[SecurityEvent]) -> None:
    rows(log[1]).update(detail="nothing")
    rows(log[3]).delete()
    with pytest.raises(CommandError, match=f"broken at link 2 .event {log[1].pk}.: its event or"):
        run("verify")


def test_audit_verify_tells_when_nobody_seals(log: list[SecurityEvent]) -> None:
    waiting = audit.record(EventKind.SIGNED_OUT)
    rows(waiting).update(created_at=timezone.now() - timedelta(minutes=11))
    with pytest.raises(CommandError, match="Does beat run"):
        run("verify")


def test_audit_list_chooses_by_account_kind_and_time(log: list[SecurityEvent]) -> None:
    def listed(*arguments: str) -> list[str]:
        return [row["kind"] for row in json.loads(run("list", "--json", *arguments))]

    assert listed("--account", "ALICE@example.org", "--limit", "2") == [
        "signed_in",
        "request_approved",
    ]
    assert listed("--kind", "password_wrong", "--kind", "signed_in") == [
        "password_wrong",
        "signed_in",
    ]
    assert listed("--until", "2020-01-01") == listed("--since", "2100-01-01T09:30") == []
    assert "signed_in  alice@example.org  kauth  203.0.113.7" in run("list")


def test_audit_export_writes_everything_the_oldest_first(log: list[SecurityEvent]) -> None:
    audit.record(EventKind.DEVICE_RENAMED, device_name="=1+1")
    heads, *lines = run("export").splitlines()
    assert heads == "id,time,kind,account,device,method,address,browser,detail,times"
    assert [line.split(",")[2] for line in lines][:2] == ["password_right", "request_sent"]
    assert lines[-1].split(",")[4] == "'=1+1"
    objects = [json.loads(line) for line in run("export", "--json").splitlines()]
    assert objects[-1]["device"] == "=1+1"


@pytest.mark.parametrize("wrong", ["--since=yesterday", "--limit=0", "--kind=birthday"])
def test_audit_asks_for_what_it_can_read(wrong: str) -> None:
    with pytest.raises(CommandError):
        run("list", wrong)
