"""“It was not me”: what the link undoes, what it shuts, and that it opens nothing (D-40)."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts import mailed_links, passwords, sign_ins
from accounts.mail_models import LinkPurpose, MailedLink
from accounts.models import EventKind, SecurityEvent, User
from devices import enrolment
from devices.models import DeviceState
from tests.linked import Linked
from tests.mailbox import Mailbox
from tests.otp import add_otp_app
from tests.pages import (
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    signed_in_as,
    two_factor_browser,
)
from tests.people import PASSWORD, VISITOR, link_device, make_user
from twofactor import backup_codes, helpdesk_codes, methods
from twofactor.exceptions import WrongHelpDeskCode

pytestmark = pytest.mark.django_db

OVER = "This link is over"


def link_to(user: User, about: str, subject: str = "") -> str:
    token = mailed_links.make(
        user, LinkPurpose.NOT_ME, lifetime=timedelta(days=7), about=about, subject=subject
    )
    return f"/not-me/{token}/"


def press(link: str) -> str:
    """By somebody who is signed out."""
    return browser().post(link).content.decode()


def now(person: Linked) -> User:
    return User.objects.get(pk=person.user.pk)


# --- Every such change is told, with the link ---------------------------------------------


def change_password(person: Linked) -> None:
    passwords.change(
        person.user, "a new sentence", visitor=VISITOR, kind=EventKind.PASSWORD_CHANGED
    )


def reset_password(person: Linked) -> None:
    passwords.change(person.user, "a new sentence", visitor=VISITOR, kind=EventKind.PASSWORD_RESET)


def link_another(person: Linked) -> None:
    link_device(person.user, "Tablet")


def add_app(person: Linked) -> None:
    add_otp_app(person.user)


def remove_app(person: Linked) -> None:
    methods.take_away(add_otp_app(person.user), visitor=VISITOR, by=enrolment.BY_PERSON)


def remove_device(person: Linked) -> None:
    methods.take_away(person.row, visitor=VISITOR, by=enrolment.BY_PERSON)


def make_codes(person: Linked) -> None:
    backup_codes.generate(person.user, visitor=VISITOR)


def use_code(person: Linked) -> None:
    (code, *_) = backup_codes.readable(person.user) or []
    backup_codes.redeem(user=person.user, code=code, visitor=VISITOR)


def end_sessions(person: Linked) -> None:
    two_factor_browser(person.user)
    sign_ins.end(person.user, sign_ins.of(person.user), visitor=VISITOR, by="a test")


def make_helpdesk_code(person: Linked) -> None:
    helpdesk_codes.make(person.user, by="help", reason="lost phone", visitor=VISITOR)


CHANGES = [
    (change_password, "Your password at"),
    (reset_password, "Your password at"),
    (link_another, "A device was linked"),
    (add_app, "was added"),
    (remove_app, "was removed"),
    (remove_device, "A device was removed"),
    (remove_device, "2FA is off"),
    (make_codes, "New backup codes"),
    (use_code, "A backup code was used"),
    (make_helpdesk_code, "A help-desk code was made"),
    (end_sessions, "Other browsers were signed out"),
]


@pytest.mark.parametrize(("change", "subject"), CHANGES)
def test_d40_every_change_is_mailed_with_a_link_that_locks_down(
    alice: Linked, mailbox: Mailbox, change: Callable[[Linked], None], subject: str
) -> None:
    with mailbox.delivering():
        change(alice)
    mailbox.mails = [one for one in mailbox.mails if subject in one.subject]
    link = mailbox.link(alice.user.login_id, "/not-me/")
    assert "It was not you?" in browser().get(link).content.decode()
    assert "Your account is locked down" in press(link)
    assert now(alice).must_change_password
    assert SecurityEvent.objects.filter(kind=EventKind.NOT_ME).count() == 1


# --- Locking down -------------------------------------------------------------------------


@pytest.fixture
def link(alice: Linked) -> str:
    return link_to(alice.user, "sessions_ended")


def test_looking_changes_nothing(alice: Linked, link: str) -> None:
    here = two_factor_browser(alice.user)
    for _ in range(3):
        assert browser().get(link).status_code == 200
    assert is_signed_in(here)
    assert not now(alice).must_change_password


def test_all_sessions_and_pending_logins_end(alice: Linked, link: str) -> None:
    here, waiting = two_factor_browser(alice.user), browser()
    log_in(waiting)
    press(link)
    assert not is_signed_in(here)
    assert pass_second_factor(waiting, alice.user).headers["Location"].startswith("/login/")


def test_the_password_opens_nothing_whoever_knows_it(alice: Linked, link: str) -> None:
    """To ask for a new one behind it would give the choice to whoever comes first."""
    press(link)
    assert log_in(browser()).status_code == 200
    assert now(alice).must_change_password


def test_no_browser_is_known_any_more(alice: Linked, link: str) -> None:
    alice.user.known_browsers.create(name="Firefox on Linux")
    press(link)
    assert not alice.user.known_browsers.exists()


def test_it_lets_nobody_in(alice: Linked, link: str) -> None:
    visitor = browser()
    visitor.get(link)
    visitor.post(link)
    assert signed_in_as(visitor) is None
    assert "pending_login" not in visitor.session
    assert visitor.get("/manager/").status_code == 302


def test_it_works_in_the_browser_that_is_signed_in(alice: Linked, link: str) -> None:
    here = two_factor_browser(alice.user)
    assert "locked down" in here.post(link).content.decode()
    assert signed_in_as(here) is None


def test_it_works_for_who_must_do_something_else_first(alice: Linked, link: str) -> None:
    here = two_factor_browser(alice.user)
    User.objects.update(must_change_password=True)
    assert here.get(link).status_code == 200


def test_somebody_elses_session_goes_on(alice: Linked, bob: Linked, link: str) -> None:
    theirs = two_factor_browser(bob.user)
    theirs.post(link)
    assert is_signed_in(theirs)


def test_the_lock_down_is_told_by_mail_with_the_way_to_a_new_password(
    alice: Linked, link: str, mailbox: Mailbox
) -> None:
    with mailbox.delivering():
        press(link)
    assert "is locked down" in mailbox.to(alice.user.login_id).subject
    assert mailbox.link(alice.user.login_id, "/password/reset") == "/password/reset/"


def test_it_works_once(alice: Linked, link: str) -> None:
    press(link)
    assert OVER in press(link)
    assert SecurityEvent.objects.filter(kind=EventKind.NOT_ME).count() == 1


def test_it_ends_after_its_time(alice: Linked, link: str) -> None:
    MailedLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert OVER in press(link)
    assert not now(alice).must_change_password


@pytest.mark.parametrize("spoiled", ["x", "a" * 43 + "." + "b" * 43, "%00"])
def test_a_made_up_link_is_over(alice: Linked, spoiled: str) -> None:
    assert OVER in press(f"/not-me/{spoiled}/")


def test_a_forged_post_from_elsewhere_is_refused(alice: Linked, link: str) -> None:
    visitor = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    visitor.get(link)
    assert visitor.post(link).status_code == 403
    assert not now(alice).must_change_password


# --- Undoing ------------------------------------------------------------------------------


def test_a_device_that_was_linked_is_removed(alice: Linked) -> None:
    _, row = link_device(alice.user, "Tablet")
    press(link_to(alice.user, "device_linked", methods.subject_of(row)))
    row.refresh_from_db()
    assert row.state == DeviceState.REVOKED
    assert methods.enabled(now(alice))


def test_a_method_that_was_added_is_removed(alice: Linked) -> None:
    app = add_otp_app(alice.user)
    press(link_to(alice.user, "method_added", methods.subject_of(app)))
    assert [method.name for method in methods.overview(now(alice)).methods] == ["Pixel 8"]


def test_d43_without_a_method_left_the_password_alone_opens_nothing(alice: Linked) -> None:
    """Who holds the mailbox could else switch 2FA off, and reset the password after."""
    press(link_to(alice.user, "device_linked", methods.subject_of(alice.row)))
    user = now(alice)
    assert user.must_enrol
    assert methods.required(user)
    assert not user.has_usable_password()


def test_codes_that_were_made_are_void(alice: Linked) -> None:
    press(link_to(alice.user, "backup_codes_made"))
    assert backup_codes.left(alice.user) == 0


def test_the_codes_of_the_first_method_go_with_that(alice: Linked) -> None:
    press(link_to(alice.user, "backup_codes_made", methods.subject_of(alice.row)))
    alice.row.refresh_from_db()
    assert alice.row.state == DeviceState.REVOKED


@pytest.mark.parametrize("subject", ["", f"devices:{UUID(int=0)}", f"otp:{UUID(int=0)}", "x:y"])
def test_what_is_gone_already_is_no_hindrance(alice: Linked, subject: str) -> None:
    assert "locked down" in press(link_to(alice.user, "method_added", subject))
    assert methods.enabled(now(alice))


def test_nobody_elses_method_is_removed(alice: Linked, bob: Linked) -> None:
    press(link_to(alice.user, "device_linked", methods.subject_of(bob.row)))
    bob.row.refresh_from_db()
    assert bob.row.is_active


def test_d43_who_took_the_last_method_away_finds_no_password_only_account(alice: Linked) -> None:
    remove_device(alice)
    press(link_to(alice.user, "two_factor_off"))
    assert now(alice).must_enrol


def test_a_help_desk_code_that_nobody_asked_for_ends(alice: Linked) -> None:
    code = helpdesk_codes.make(alice.user, by="help", reason="lost phone", visitor=VISITOR)
    press(link_to(alice.user, "helpdesk_code_made"))
    with pytest.raises(WrongHelpDeskCode):
        helpdesk_codes.redeem(user=alice.user, code=code, visitor=VISITOR)


# --- The way back in ----------------------------------------------------------------------


def choose_password(user: User, mailbox: Mailbox, password: str) -> str:
    with mailbox.delivering():
        browser().post("/password/reset/", {"email": user.login_id})
    page = mailbox.link(user.login_id, "/password/reset/")
    fields = {"new_password1": password, "new_password2": password}
    return browser().post(page, fields).content.decode()


def test_the_person_goes_on_by_a_mailed_new_password_and_their_second_factor(
    alice: Linked, link: str, mailbox: Mailbox
) -> None:
    press(link)
    choose_password(alice.user, mailbox, "a new sentence")
    visitor = browser()
    log_in(visitor, password="a new sentence")
    assert signed_in_as(visitor) is None
    pass_second_factor(visitor, alice.user)
    assert is_signed_in(visitor)
    assert visitor.get("/manager/").status_code == 200


def test_the_old_password_is_no_new_one(alice: Linked, link: str, mailbox: Mailbox) -> None:
    press(link)
    assert "This is your old password" in choose_password(alice.user, mailbox, PASSWORD)
    assert not now(alice).has_usable_password()


def test_without_a_second_factor_the_mailed_password_is_the_way_in(mailbox: Mailbox) -> None:
    user = make_user()
    press(link_to(user, "sessions_ended"))
    choose_password(user, mailbox, "a new sentence")
    visitor = browser()
    log_in(visitor, password="a new sentence")
    visitor.get("/login/verify/")
    assert is_signed_in(visitor)
