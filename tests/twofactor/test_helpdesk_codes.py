"""The code from the help desk: one use, one hour, one account, and only linking behind it."""

from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from accounts import throttling
from accounts.models import EventKind, SecurityEvent
from accounts.throttling import Throttled
from devices.models import Device
from tests.linked import Linked
from tests.pages import MANAGER, browser, log_in, session_key, with_session
from tests.people import VISITOR, make_user
from twofactor import backup_codes, helpdesk_codes
from twofactor.exceptions import WrongHelpDeskCode
from twofactor.models import HelpDeskCode

pytestmark = pytest.mark.django_db

PAGE = "/login/verify/backup-code/"
LINK = "/2fa/add/kauth/"
WHO = "administrator root@example.org"


def make(person: Linked, reason: str = "Phone lost") -> str:
    return helpdesk_codes.make(person.user, by=WHO, reason=reason, visitor=VISITOR)


def redeem(person: Linked, code: str) -> HelpDeskCode:
    return helpdesk_codes.redeem(user=person.user, code=code, visitor=VISITOR)


@pytest.fixture
def recovered(alice: Linked) -> Client:
    """A browser that has passed the password and the help desk's code."""
    visitor = browser()
    log_in(visitor)
    visitor.post(PAGE, {"code": make(alice)})
    return visitor


def test_it_works_once_and_the_record_says_who_made_it_and_why(alice: Linked) -> None:
    code = make(alice)
    redeem(alice, code)
    with pytest.raises(WrongHelpDeskCode):
        redeem(alice, code)
    made = SecurityEvent.objects.get(kind=EventKind.HELPDESK_CODE_MADE)
    assert made.detail == f"{WHO}: Phone lost"
    assert SecurityEvent.objects.filter(kind=EventKind.HELPDESK_CODE_WRONG).count() == 1


def test_it_is_over_after_an_hour(alice: Linked) -> None:
    code = make(alice)
    row = HelpDeskCode.objects.get()
    assert (row.expires_at - row.made_at).total_seconds() == 3600
    HelpDeskCode.objects.update(expires_at=row.made_at)
    with pytest.raises(WrongHelpDeskCode):
        redeem(alice, code)


def test_a_newer_one_ends_the_older(alice: Linked) -> None:
    older, newer = make(alice), make(alice)
    with pytest.raises(WrongHelpDeskCode):
        redeem(alice, older)
    redeem(alice, newer)


def test_it_is_good_for_one_account(alice: Linked, bob: Linked) -> None:
    make(bob)
    code = make(alice)
    with pytest.raises(WrongHelpDeskCode):
        redeem(bob, code)


def test_d52_the_table_holds_argon2id_and_no_code(alice: Linked) -> None:
    code = make(alice)
    row = HelpDeskCode.objects.values().get()
    assert row["digest"].startswith("$argon2id$")
    assert not [column for column in row.values() if code in str(column)]


def test_d50_tries_have_a_counter_of_their_own(alice: Linked) -> None:
    code = make(alice)
    for _ in range(throttling.BACKUP_CODE.free):
        with pytest.raises(WrongHelpDeskCode):
            redeem(alice, "")
    with pytest.raises(Throttled):
        redeem(alice, code)
    words = backup_codes.readable(alice.user) or []
    backup_codes.redeem(user=alice.user, code=words[0], visitor=VISITOR)


def test_a_reason_is_one_line_of_what_is_shown(alice: Linked) -> None:
    make(alice, reason="Phone\r\nBcc: x\u202e" + "y" * 300)
    assert HelpDeskCode.objects.get().reason == ("Phone Bcc: x " + "y" * 300)[:200]


def test_the_person_is_told_that_one_was_made_and_that_it_was_used(
    alice: Linked, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        code = make(alice)
    made = mailoutbox[-1]
    assert made.to == [alice.user.login_id]
    assert WHO in str(made.body)
    assert "Phone lost" in str(made.body)
    assert code not in str(made.body)
    with django_capture_on_commit_callbacks(execute=True):
        redeem(alice, code)
    assert "used" in mailoutbox[-1].subject


@pytest.mark.parametrize(
    "path",
    [
        MANAGER,
        "/manager/sessions/",
        "/2fa/add/",
        "/2fa/add/otp/",
        "/2fa/backup-codes/",
        "/password/change/",
        "/admin/",
    ],
)
def test_d96_it_opens_the_linking_of_a_device_and_nothing_else(
    recovered: Client, path: str
) -> None:
    assert recovered.get(path).headers["Location"] == "/2fa/"
    assert "Link a device now" in recovered.get("/2fa/").content.decode()
    assert recovered.get(LINK).status_code == 200
    assert recovered.get("/app/authorize").status_code == 200


def test_d43_it_removes_no_method(recovered: Client, alice: Linked) -> None:
    path = f"/2fa/devices/{alice.row.public_id}/remove/"
    assert recovered.post(path).headers["Location"] == "/2fa/"
    assert Device.objects.of(alice.user).active().count() == 1
    assert backup_codes.left(alice.user) == 10


def test_d33_after_five_minutes_it_links_no_device(recovered: Client) -> None:
    session = recovered.session
    session["reauthenticated_at"] -= 301
    session.save()
    assert recovered.get(LINK).headers["Location"].startswith("/login/again/")


def test_the_browser_is_remembered_by_no_way_of_its_own(recovered: Client, alice: Linked) -> None:
    assert alice.user.known_browsers.get().last_method == ""


def test_d34_the_code_alone_opens_nothing(alice: Linked) -> None:
    visitor = browser()
    assert visitor.post(PAGE, {"code": make(alice)}).headers["Location"] == "/login/?over=1"


def test_what_it_opened_is_closed_when_the_row_is_gone(recovered: Client, alice: Linked) -> None:
    """The session names the code by its row, as django-otp does: without it, it is one factor."""
    HelpDeskCode.objects.all().delete()
    thief = with_session(session_key(recovered))
    assert thief.get(LINK).headers["Location"].startswith("/login/again/")


def test_the_page_says_the_same_whether_there_is_one_or_not(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    before = visitor.get(PAGE).content.decode().count("help desk")
    make(alice)
    assert visitor.get(PAGE).content.decode().count("help desk") == before == 1


def test_an_account_without_a_method_is_not_asked_for_one() -> None:
    make_user()
    visitor = browser()
    log_in(visitor)
    assert visitor.get(PAGE).headers["Location"] == MANAGER
