"""The figures on the admin's front page, and who sees them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts import audit, clock
from accounts.models import EventKind, User
from devices.models import Device
from kauth_site import charts, dashboard, front_page
from tests.linked import Linked
from tests.pages import two_factor_browser
from tests.people import link_device, make_user
from tests.twofactor.asking import answer, ask
from twofactor import way_views, ways
from twofactor.models import BackupCode, Challenge

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALL = ("view_user", "view_securityevent", "view_device", "view_challenge")


def happened(kind: EventKind, user: User | None, *, days_ago: float = 0, method: str = "") -> None:
    """Written down as ever, then as old as it is to be: the record itself lets nobody do that."""
    event = audit.record(kind, user=user, method=method)
    when = TODAY - timedelta(days=days_ago)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_securityevent SET created_at = %s WHERE id = %s", [when, event.pk]
        )


def clerk(*rights: str) -> User:
    """Staff with a device, who may do what these permissions say."""
    user = make_user("clerk@example.org", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    link_device(user)
    return User.objects.get(pk=user.pk)


def front(user: User) -> str:
    return str(two_factor_browser(user).get("/admin/").content.decode())


def test_an_account_with_a_device_is_protected_and_one_with_a_password_alone_is_not(
    alice: Linked,
) -> None:
    make_user("password@example.org")
    make_user("switched-off@example.org", is_active=False)
    found = dashboard.protection()
    assert (found.on, found.waiting, found.off, found.people) == (1, 0, 1, 2)
    assert found.percent == 50


def test_an_account_that_was_reset_waits_for_a_device(alice: Linked) -> None:
    Device.objects.of(alice.user).update(state="revoked", confirmed=False)
    User.objects.filter(pk=alice.user.pk).update(must_enrol=True)
    assert dashboard.protection() == dashboard.Protection(0, 1, 0, 0)


def test_one_method_without_a_backup_code_is_no_backup(alice: Linked, bob: Linked) -> None:
    codes = BackupCode.objects.filter(code_set__user=alice.user)
    codes.exclude(pk=codes[0].pk).update(used_at=TODAY)
    assert dashboard.protection().without_backup == 0
    codes.update(used_at=TODAY)
    assert dashboard.protection().without_backup == 1
    link_device(alice.user, "MacBook")
    assert dashboard.protection().without_backup == 0


def test_a_device_counts_as_unused_from_its_last_use_or_else_from_its_linking(
    alice: Linked, bob: Linked
) -> None:
    now = clock.now()
    Device.objects.update(created_at=now - timedelta(days=91))
    Device.objects.of(bob.user).update(last_used_at=now - timedelta(days=89))
    assert dashboard.unused_devices(now) == 1


def test_sign_ins_are_counted_by_method_and_ends_by_day(alice: Linked) -> None:
    happened(EventKind.SIGNED_IN, alice.user, method="kauth")
    happened(EventKind.SIGNED_IN, alice.user, method="kauth", days_ago=29)
    happened(EventKind.SIGNED_IN, alice.user, method="key", days_ago=30)
    happened(EventKind.REQUEST_DENIED, alice.user, days_ago=0.5)  # at 00:00
    happened(EventKind.REQUEST_DENIED, alice.user, days_ago=0.501)  # and just before
    found = dashboard.traffic(TODAY)
    assert found.sign_ins == {"kauth": 2}
    assert found.ends[EventKind.REQUEST_DENIED] == [*[0] * 28, 1, 1]
    assert (found.days[0], found.days[-1]) == ("2026-10-26", "2026-11-24")


def answered_after(person: Linked, seconds: int, decision: str) -> None:
    """Asked so long before the answer as `seconds` say."""
    challenge = ask(person)
    answer(person, challenge, decision)
    given = F("ended_at") if decision == "deny" else F("redeem_until") - timedelta(minutes=1)
    asked = Challenge.objects.filter(pk=challenge.pk)
    asked.update(created_at=given - timedelta(seconds=seconds))


def test_the_time_to_answer_is_that_of_the_middle_one(alice: Linked, bob: Linked) -> None:
    now = clock.now()
    assert dashboard.time_to_answer(now) is None
    answered_after(alice, 4, "approve")
    answered_after(bob, 90, "deny")
    answered_after(alice, 10, "approve")
    assert dashboard.time_to_answer(now) == timedelta(seconds=10)


def test_a_report_or_three_unwanted_requests_make_a_suspect(alice: Linked, bob: Linked) -> None:
    for _ in range(3):
        happened(EventKind.REQUEST_EXPIRED, alice.user, days_ago=6)
        happened(EventKind.REQUEST_EXPIRED, bob.user, days_ago=8)
    happened(EventKind.REQUEST_DENIED, bob.user)
    found = dashboard.suspects(TODAY)
    assert [(one.login_id, one.counts[EventKind.REQUEST_EXPIRED]) for one in found] == [
        (alice.user.login_id, 3)
    ]
    happened(EventKind.REQUEST_REPORTED, bob.user)
    assert [one.login_id for one in dashboard.suspects(TODAY)] == [
        bob.user.login_id,
        alice.user.login_id,
    ]


def eventful(person: Linked) -> None:
    """One of each, today."""
    for kind in dashboard.UNWANTED:
        audit.record(kind, user=person.user)
    audit.record(EventKind.REQUEST_APPROVED, user=person.user)
    answer(person, ask(person), "deny")
    Device.objects.of(person.user).update(last_used_at=clock.now() - timedelta(days=91))
    BackupCode.objects.filter(code_set__user=person.user).update(used_at=clock.now())


def figures(found: Any) -> Iterator[front_page.Figure]:
    """All there are in the parts of the page, however deep."""
    if isinstance(found, front_page.Figure):
        yield found
    elif isinstance(found, front_page.Row):
        yield from figures(found.figures)
    elif isinstance(found, dict | list):
        for part in found.values() if isinstance(found, dict) else found:
            yield from figures(part)


def test_each_figure_leads_to_a_list_of_as_many(alice: Linked) -> None:
    user = clerk(*ALL)
    visitor = two_factor_browser(user)
    eventful(alice)
    counted = [
        figure
        for figure in figures(front_page.parts(user, clock.now()))
        if figure.number.isdecimal()
    ]
    assert len(counted) > 15
    for figure in counted:
        listed = visitor.get(figure.page)
        assert listed.status_code == 200, figure
        assert listed.context["cl"].queryset.count() == int(figure.number), figure


def test_it_was_not_me_is_a_red_line_and_silence_is_not(alice: Linked, bob: Linked) -> None:
    for _ in range(3):
        audit.record(EventKind.REQUEST_EXPIRED, user=alice.user)
    user = clerk(*ALL)
    assert (alice.user.login_id in front(user), "figures-reported" in front(user)) == (True, False)
    audit.record(EventKind.REQUEST_REPORTED, user=bob.user)
    (line,) = re.findall(r'<tr class="figures-reported">.*?</tr>', front(user), re.DOTALL)
    assert bob.user.login_id in line


def test_a_suspect_leads_to_their_account_for_those_who_may_view_accounts(alice: Linked) -> None:
    eventful(alice)
    page = f"/admin/accounts/user/{alice.user.pk}/change/"
    assert f'<a href="{page}">{alice.user.login_id}</a>' in front(clerk(*ALL))


@pytest.mark.parametrize(
    ("right", "words"),
    [
        ("view_user", "Who is protected"),
        ("view_securityevent", "Sign-ins by method"),
        ("view_device", "not seen for 90 days"),
        ("view_challenge", "median time to an answer"),
    ],
)
def test_the_front_page_shows_what_its_viewer_may_view_and_no_more(
    alice: Linked, right: str, words: str
) -> None:
    eventful(alice)
    user = clerk(right)
    assert words in front(user)
    user.user_permissions.set(Permission.objects.filter(codename__in={*ALL} - {right}))
    page = front(user)
    assert words not in page
    assert page.count('class="figures"') == 1


def test_staff_who_may_view_nothing_find_no_dashboard(alice: Linked) -> None:
    assert "figures" not in front(clerk()).replace("css/dashboard", "")


def test_the_number_of_queries_does_not_grow_with_what_happened(alice: Linked, bob: Linked) -> None:
    user = clerk(*ALL)
    user.get_all_permissions()
    now = clock.now()
    with CaptureQueriesContext(connection) as little:
        front_page.parts(user, now)
    eventful(alice)
    eventful(bob)
    with CaptureQueriesContext(connection) as much:
        front_page.parts(user, now)
    assert len(little) + 1 == len(much) == 6  # no middle is looked for among no answers


def test_the_page_says_in_words_that_nothing_happened() -> None:
    user = clerk(*ALL)
    page = front(user)
    assert "No device was asked within the last 30 days." in page
    assert "None. An account is listed here when" in page


def test_every_drawing_says_what_it_shows_and_has_no_style_of_its_own(alice: Linked) -> None:
    eventful(alice)
    page = front(clerk(*ALL))
    drawings = re.findall(r'<svg[^>]*role="img".*?</svg>', page, re.DOTALL)
    assert len(drawings) >= 6
    assert all("<title" in drawing and "<desc" in drawing for drawing in drawings)
    assert not [drawing for drawing in drawings if "style" in drawing]


def test_what_is_not_nothing_can_be_seen_beside_the_largest() -> None:
    shapes = charts.columns([0, 1, 1000])
    assert [shape.height for shape in shapes] == [0, 2, charts.TALLEST]


def test_the_parts_of_a_whole_leave_no_gap() -> None:
    shapes = charts.shares([1, 1, 1])
    assert [(shape.x, shape.x + shape.width) for shape in shapes] == [
        (0, 333),
        (333, 666),
        (666, 1000),
    ]


def test_every_way_to_sign_in_has_a_name_for_people() -> None:
    recorded = {way.name for way in (ways.KEY, ways.DEVICE, ways.CODE)}
    recorded |= {way_views.BACKUP.method, way_views.HELP_DESK.method}
    assert recorded <= dashboard.METHODS.keys()
