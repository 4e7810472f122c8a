"""What beat runs: it marks, tells and tidies, in batches, and nothing hangs on it."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.db.models import F
from django.utils import timezone

from accounts import clock
from accounts.models import EventKind, SecurityEvent, Session
from devices.models import DeviceState, EnrolmentState, PendingRing
from tests.linked import Linked
from tests.pages import browser, log_in, session_key
from tests.people import claim_link
from tests.software_device import SoftwareDevice
from tests.twofactor.asking import answer, ask
from twofactor import tasks
from twofactor.models import BackupCodeSet, Challenge, ExpiryRun, State

pytestmark = pytest.mark.django_db

run = tasks.expire_overdue_challenges


def make_overdue(**only: Any) -> None:
    Challenge.objects.filter(**only).update(expires_at=clock.now(), redeem_until=clock.now())


def test_an_open_question_and_an_unused_yes_are_marked(alice: Linked, bob: Linked) -> None:
    ask(alice)
    answer(bob, ask(bob))
    make_overdue()
    assert run()["challenges_expired"] == 2
    assert set(Challenge.objects.values_list("state", flat=True)) == {State.EXPIRED}
    assert SecurityEvent.objects.filter(kind=EventKind.REQUEST_EXPIRED).count() == 2


def test_a_second_run_finds_nothing_more(alice: Linked) -> None:
    ask(alice)
    make_overdue()
    run()
    assert not any(run().values())


def test_what_is_still_in_time_is_left_alone(alice: Linked) -> None:
    challenge = ask(alice)
    assert run()["challenges_expired"] == 0
    assert Challenge.objects.get(pk=challenge.pk).state == State.PENDING


def test_a_crowd_is_taken_in_batches(
    alice: Linked, bob: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 1)
    for person in (alice, bob):
        ask(person)
    make_overdue()
    assert run()["challenges_expired"] == 2


def test_an_offer_whose_time_is_over_ends_with_the_device_in_it(alice: Linked) -> None:
    offer, device = claim_link(alice.user, SoftwareDevice())
    type(offer).objects.filter(pk=offer.pk).update(expires_at=clock.now())
    assert run()["offers_ended"] == 1
    offer.refresh_from_db()
    device.refresh_from_db()
    assert (offer.state, device.state) == (EnrolmentState.EXPIRED, DeviceState.REVOKED)


def test_questions_are_kept_for_thirty_days(alice: Linked) -> None:
    old, young = ask(alice), ask(alice)
    for challenge, age in ((old, 1), (young, -1)):
        moment = clock.now() - site.KAUTH_CHALLENGES_KEPT - timedelta(hours=age)
        Challenge.objects.filter(pk=challenge.pk).update(created_at=moment, state=State.DENIED)
    assert run()["challenges_deleted"] == 1
    assert list(Challenge.objects.all()) == [young]


def test_d54_codes_that_could_be_read_for_ten_minutes_are_hidden(alice: Linked) -> None:
    readable = BackupCodeSet.objects.filter(user=alice.user)
    readable.update(made_at=F("made_at") - site.KAUTH_BACKUP_CODES_READABLE)
    assert run()["backup_codes_hidden"] == 1
    assert readable.get().readable is None


def test_sessions_whose_time_is_over_are_deleted(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    assert session_key(visitor)
    Session.objects.update(expire_date=timezone.now())
    run()
    assert not Session.objects.exists()


def test_each_run_leaves_its_time_for_readyz() -> None:
    for _ in range(2):
        run()
    assert ExpiryRun.objects.get().ran_at >= clock.now() - timedelta(seconds=5)


def test_who_waits_is_told(alice: Linked, django_capture_on_commit_callbacks: Any) -> None:
    challenge = ask(alice)
    make_overdue()
    with django_capture_on_commit_callbacks(execute=True):
        run()
    # Without a server in this process every ring is left where servers look for it.
    assert {(ring.group, ring.message["type"]) for ring in PendingRing.objects.all()} == {
        (f"challenge.{challenge.pk}", "changed"),
        (f"account.{alice.user.pk}", "closed"),
    }
