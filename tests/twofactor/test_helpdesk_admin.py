"""Making a help-desk code in the admin: two clicks, with a reason, by those who may."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import EventKind, SecurityEvent, User
from tests.linked import Linked
from tests.pages import browser, two_factor_browser
from tests.people import VISITOR, link_device, make_user
from twofactor import helpdesk_codes
from twofactor.models import HelpDeskCode

pytestmark = pytest.mark.django_db

CODE = re.compile(r"<code>([0-9A-Z-]{19})</code>")
WHY = {"reason": "Phone lost, called back"}


def staff(*permissions: str, **fields: bool) -> Client:
    """A signed-in member of the staff with these permissions."""
    member = make_user("help@example.org", is_staff=True, **fields)
    link_device(member)
    member.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return two_factor_browser(User.objects.get(pk=member.pk))


def page_for(person: User) -> str:
    return f"/admin/twofactor/helpdeskcode/make/{person.pk}/"


@pytest.fixture
def desk() -> Client:
    return staff("make_helpdesk_code", "view_user", "view_helpdeskcode")


def test_two_clicks_and_a_reason_make_a_code_that_works(alice: Linked, desk: Client) -> None:
    account = desk.get(f"/admin/accounts/user/{alice.user.pk}/change/").content.decode()
    assert page_for(alice.user) in account
    answer = desk.post(page_for(alice.user), WHY)
    (code,) = CODE.findall(answer.content.decode())
    helpdesk_codes.redeem(user=alice.user, code=code, visitor=VISITOR)
    made = SecurityEvent.objects.get(kind=EventKind.HELPDESK_CODE_MADE)
    assert made.detail == f"administrator help@example.org: {WHY['reason']}"


def test_it_is_shown_once_and_no_list_has_it(alice: Linked, desk: Client) -> None:
    answer = desk.post(page_for(alice.user), WHY)
    assert "no-store" in answer.headers["Cache-Control"]
    (code,) = CODE.findall(answer.content.decode())
    row = HelpDeskCode.objects.get()
    for path in ("", f"{row.pk}/change/", f"make/{alice.user.pk}/"):
        page = desk.get(f"/admin/twofactor/helpdeskcode/{path}").content.decode()
        assert code not in page
        assert row.digest not in page


def test_without_a_reason_none_is_made(alice: Linked, desk: Client) -> None:
    page = desk.post(page_for(alice.user), {"reason": " "}).content.decode()
    assert "Say why" in page
    assert not HelpDeskCode.objects.exists()


def refused(visitor: Client, person: User, words: str) -> None:
    answer = visitor.post(page_for(person), WHY)
    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert not HelpDeskCode.objects.exists()
    assert SecurityEvent.objects.filter(kind=EventKind.HELPDESK_CODE_REFUSED, user=person).exists()


def test_it_needs_the_permission(alice: Linked) -> None:
    visitor = staff("view_user", "change_user")
    account = visitor.get(f"/admin/accounts/user/{alice.user.pk}/change/").content.decode()
    assert page_for(alice.user) not in account
    refused(visitor, alice.user, "You may not make")


def test_for_staff_only_a_superuser_makes_one(alice: Linked, desk: Client) -> None:
    User.objects.filter(pk=alice.user.pk).update(is_staff=True)
    refused(desk, alice.user, "Only a superuser")


def test_a_superuser_makes_one_for_staff(alice: Linked) -> None:
    User.objects.filter(pk=alice.user.pk).update(is_staff=True)
    answer = staff(is_superuser=True).post(page_for(alice.user), WHY)
    assert CODE.search(answer.content.decode())


def test_nobody_makes_one_for_themselves() -> None:
    visitor = staff(is_superuser=True)
    refused(visitor, User.objects.get(login_id="help@example.org"), "their own account")


def test_an_account_that_is_off_gets_none(alice: Linked, desk: Client) -> None:
    User.objects.filter(pk=alice.user.pk).update(is_active=False)
    refused(desk, alice.user, "switched off")


def test_an_account_without_a_method_gets_none(desk: Client) -> None:
    refused(desk, make_user("carol@example.org"), "no method")


def test_who_makes_one_has_confirmed_who_they_are_just_now(alice: Linked, desk: Client) -> None:
    session = desk.session
    session["reauthenticated_at"] -= 301
    session.save()
    assert desk.post(page_for(alice.user), WHY).headers["Location"].startswith("/login/again/")
    assert not HelpDeskCode.objects.exists()


def test_whoever_is_not_staff_finds_no_such_page(alice: Linked, bob: Linked) -> None:
    visitor = two_factor_browser(bob.user)
    assert visitor.post(page_for(alice.user), WHY).status_code == 302
    assert browser().post(page_for(alice.user), WHY).status_code == 302
    assert not HelpDeskCode.objects.exists()
