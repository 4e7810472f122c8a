"""What the groups of an account ask of it: read at no cost, joined strictly, changed on record."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import policies
from accounts.models import EventKind, SecurityEvent, Session, SignIn, User
from accounts.policies import FREE, Rules
from accounts.policy_models import ALL_METHODS, Policy
from accounts.sessions import stored
from tests.groups import in_days, put_under
from tests.linked import Linked
from tests.pages import browser, is_signed_in, session_key, sign_in, two_factor_browser
from tests.people import VISITOR, make_user

pytestmark = pytest.mark.django_db


def read(user: User) -> User:
    return User.objects.get(pk=user.pk)


def asked(queries: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        queries()
    return len(captured)


def events() -> list[str]:
    changed = SecurityEvent.objects.filter(kind=EventKind.POLICY_CHANGED).order_by("id")
    return list(changed.values_list("detail", flat=True))


# --- Reading ------------------------------------------------------------------------------


def test_an_account_without_a_policy_costs_no_query() -> None:
    user = read(make_user())
    assert asked(lambda: policies.of(user)) == 0
    assert policies.of(user) == FREE


def test_an_account_under_policies_costs_one_query() -> None:
    user = make_user()
    for _ in range(2):
        put_under(user, always_number=True)
    user = read(user)
    assert asked(lambda: policies.of(user)) == 1
    assert policies.of(user).always_number


def test_an_account_that_was_not_read_anew_is_asked_for() -> None:
    user = make_user()
    put_under(user, always_number=True)
    assert policies.of(user).always_number


def test_a_group_of_others_asks_for_nothing() -> None:
    put_under(make_user("bob@example.org"), always_number=True)
    assert policies.of(make_user()) == FREE


# --- Where several groups apply -----------------------------------------------------------

KEYS, APP, OTP = "keys", "devices", "otp"
NO_KAUTH, NO_OTP, NO_KEYS = {"allow_kauth": False}, {"allow_otp": False}, {"allow_keys": False}


@pytest.mark.parametrize(
    ("several", "strictest"),
    [
        ([], FREE),
        ([{}], FREE),
        (
            [{"require_from": in_days(3)}, {"require_from": in_days(1)}, {}],
            Rules(require_from=in_days(1)),
        ),
        ([NO_OTP, {}], Rules(allowed=frozenset({KEYS, APP}))),
        ([NO_OTP, NO_KEYS], Rules(allowed=frozenset({APP}))),
        ([{"always_number": True}, {"always_number": False}], Rules(always_number=True)),
        ([{"most_devices": 3}, {"most_devices": 2}, {}], Rules(most_devices=2)),
        ([{"session_hours": 8}, {"session_hours": 1}, {}], Rules(session=timedelta(hours=1))),
    ],
)
def test_the_strictest_wins_point_by_point(several: list[dict[str, Any]], strictest: Rules) -> None:
    found = [Policy(**one) for one in several]
    assert policies.strictest(found) == policies.strictest(found[::-1]) == strictest


@pytest.mark.parametrize(
    ("several", "left"),
    [
        ([NO_KAUTH | NO_OTP, NO_KEYS], KEYS),
        ([NO_KAUTH | NO_KEYS, NO_KEYS | NO_OTP], APP),
    ],
)
def test_groups_that_agree_on_no_method_leave_the_strongest(
    several: list[dict[str, Any]], left: str
) -> None:
    found = [Policy(**one) for one in several]
    assert policies.strictest(found).allowed == frozenset({left})


@pytest.mark.parametrize(("days", "required"), [(-1, True), (0, True), (1, False), (None, False)])
def test_2fa_is_required_from_the_day_on(days: int | None, required: bool) -> None:
    assert Rules(require_from=None if days is None else in_days(days)).required is required


def test_methods_in_words_begin_with_the_strongest() -> None:
    assert policies.in_words(ALL_METHODS) == "security key, kAuth app or OTP app"
    assert policies.in_words(frozenset({OTP})) == "OTP app"


# --- Changing -----------------------------------------------------------------------------


def test_each_change_leaves_an_event_of_what_by_whom_and_why() -> None:
    policy = Policy(group=Group.objects.create(name="Staff"))
    policies.save(policy, by="administrator root", visitor=VISITOR, why="the audit")
    policy.require_from = in_days(0)
    policy.allow_otp = False
    policies.save(policy, by="command line")
    policies.clear(policy, by="command line")
    changes = f"require_from: none -> {in_days(0)}, methods: key+kauth+otp -> key+kauth"
    assert events() == [
        "administrator root: group Staff: asks for nothing; why: the audit",
        f"command line: group Staff: {changes}",
        "command line: group Staff: cleared",
    ]
    assert not Policy.objects.exists()


def test_saving_the_same_again_is_no_change() -> None:
    policy = put_under(make_user(), most_devices=2)
    assert not policies.save(policy, by="command line")
    assert events() == []


def test_a_policy_allows_one_method_at_least() -> None:
    policy = Policy(group=Group.objects.create(name="Staff"), **NO_KAUTH, **NO_OTP, **NO_KEYS)
    with pytest.raises(ValidationError, match="Allow one method"):
        policy.full_clean()
    with pytest.raises(IntegrityError):
        policy.save()


def test_a_group_with_a_policy_is_not_deleted() -> None:
    policy = put_under(make_user(), most_devices=2)
    with pytest.raises(ProtectedError):
        policy.group.delete()


# --- The length of a session --------------------------------------------------------------


def lasts(key: str) -> timedelta:
    return Session.objects.get(session_key=stored(key)).expire_date - timezone.now()


def test_a_session_ends_as_long_after_the_sign_in_as_its_policy_says(alice: Linked) -> None:
    put_under(alice.user, session_hours=2)
    here = two_factor_browser(alice.user)
    assert timedelta(hours=1, minutes=59) < lasts(session_key(here)) <= timedelta(hours=2)


def hours_ago(hours: int) -> Any:
    return timezone.now() - timedelta(hours=hours)


@pytest.mark.parametrize(("hours", "goes_on"), [(3, True), (2, False), (1, False)])
def test_an_open_session_that_is_older_than_its_policy_allows_ends_at_its_next_page(
    alice: Linked, hours: int, *, goes_on: bool
) -> None:
    here = two_factor_browser(alice.user)
    SignIn.objects.update(started_at=hours_ago(2))
    put_under(alice.user, session_hours=hours)
    page = here.get("/manager/")
    assert is_signed_in(here) is goes_on
    assert page.status_code == (200 if goes_on else 302)
    assert SignIn.objects.exists() is goes_on
    ended = SecurityEvent.objects.filter(kind=EventKind.SESSION_ENDED, user=alice.user)
    assert ended.exists() is not goes_on


def test_an_open_session_that_ended_by_policy_leads_to_the_login(alice: Linked) -> None:
    here = two_factor_browser(alice.user)
    SignIn.objects.update(started_at=hours_ago(2))
    put_under(alice.user, session_hours=1)
    assert here.get("/manager/activity/")["Location"] == "/login/?next=/manager/activity/"
    assert here.post("/2fa/backup-codes/", {"action": "new"})["Location"].startswith("/login/")


def test_no_write_makes_a_session_last_longer() -> None:
    user = make_user()
    put_under(user, session_hours=1)
    here = browser()
    sign_in(here)
    session = here.session
    session["ends_at"] -= 1800
    session.save()
    session["anything"] = True
    session.save()
    assert lasts(session_key(here)) <= timedelta(minutes=30)


def test_without_a_policy_a_session_lasts_a_day() -> None:
    make_user()
    here = browser()
    sign_in(here)
    assert lasts(session_key(here)) > timedelta(hours=23)
