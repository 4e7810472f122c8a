"""Mails before a policy requires 2FA: to whom, when, and once a step."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.formats import date_format

from accounts.models import User
from accounts.policy_models import Policy, PolicyReminder
from kauth_site.celery import app
from tests.groups import in_days, put_under
from tests.linked import Linked
from tests.people import make_user
from twofactor import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


def comes_in(user: User, days: int, **asked: Any) -> None:
    """The day is so far away now: as if time had passed since it was set."""
    if not user.groups.exists():
        put_under(user, **asked)
    Policy.objects.update(require_from=in_days(days))
    PolicyReminder.objects.update(require_from=in_days(days))


def run() -> int:
    return tasks.send_policy_reminders()


def test_each_step_is_one_mail_however_often_the_task_runs(user: User) -> None:
    sent = []
    for days in (20, 15, 14, 14, 10, 8, 7, 7, 3, 2, 1, 1, 0, -1):
        comes_in(user, days)
        sent.append(run())
    assert sent == [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]


def test_a_day_that_is_near_already_is_told_at_once_and_once(user: User) -> None:
    put_under(user, require_from=in_days(5))
    assert [run(), run()] == [1, 0]


def test_a_day_that_is_moved_is_told_again(user: User) -> None:
    policy = put_under(user, require_from=in_days(5))
    run()
    policy.require_from = in_days(6)
    policy.save()
    assert run() == 1


def test_the_mail_says_when_and_how(
    user: User, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    put_under(user, require_from=in_days(7), allow_otp=False)
    with django_capture_on_commit_callbacks(execute=True):
        run()
    (mail,) = mailoutbox
    day = date_format(in_days(7), "j F Y")
    assert mail.to == ["alice@example.org"]
    assert mail.subject == f"Your account at {settings.KAUTH_HOST} needs 2FA from {day} on"
    assert "Method: security key or kAuth app" in mail.body
    assert f"{settings.KAUTH_ORIGIN}/2fa/" in mail.body


def test_whoever_has_an_allowed_method_is_left_alone(alice: Linked) -> None:
    put_under(alice.user, require_from=in_days(7))
    assert run() == 0


def test_whoever_has_only_others_is_reminded(alice: Linked) -> None:
    put_under(alice.user, require_from=in_days(7), allow_kauth=False)
    assert run() == 1


def test_an_account_that_is_switched_off_is_left_alone(user: User) -> None:
    put_under(user, require_from=in_days(7))
    User.objects.update(is_active=False)
    assert run() == 0


def test_the_earliest_of_several_days_is_what_counts(user: User) -> None:
    put_under(user, require_from=in_days(0))
    put_under(user, require_from=in_days(7))
    assert run() == 0


def test_in_two_groups_one_mail(user: User) -> None:
    put_under(user, require_from=in_days(7))
    put_under(user, require_from=in_days(9))
    assert run() == 1
    assert PolicyReminder.objects.get().require_from == in_days(7)


def test_rows_of_days_that_are_over_are_dropped(user: User) -> None:
    PolicyReminder.objects.create(user=user, require_from=in_days(-1), days_ahead=1)
    run()
    assert not PolicyReminder.objects.exists()


def test_beat_knows_the_task() -> None:
    entry = app.conf.beat_schedule["remind-of-policies"]
    assert entry["task"] == tasks.send_policy_reminders.name
    assert entry["schedule"] == timedelta(hours=1)
