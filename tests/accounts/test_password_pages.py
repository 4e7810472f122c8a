"""A new password, by the old one or by mail: it ends what was before, and skips no factor."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db.models import F
from django.test import Client
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import reset_links
from accounts.models import EventKind, SecurityEvent, User
from tests.linked import Linked
from tests.pages import (
    MANAGER,
    START_AGAIN,
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    sign_in,
    signed_in_as,
    two_factor_browser,
)
from tests.people import PASSWORD, make_user
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db

NEW = "a new sentence to remember"
OVER = "This link is over"


def choose(visitor: Client, page: str, password: str = NEW) -> Any:
    return visitor.post(page, {"new_password1": password, "new_password2": password})


def change(visitor: Client, old: str = PASSWORD, new: str = NEW) -> Any:
    fields = {"old_password": old, "new_password1": new, "new_password2": new}
    return visitor.post("/password/change/", fields)


def events() -> list[str]:
    return list(SecurityEvent.objects.order_by("id").values_list("kind", flat=True))


# --- By mail ------------------------------------------------------------------------------


def test_the_mail_leads_to_a_new_password(
    mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    make_user()
    with django_capture_on_commit_callbacks(execute=True):
        browser().post("/password/reset/", {"email": " ALICE@example.org"})
    (mail,) = mailoutbox
    assert mail.to == ["alice@example.org"]
    address = re.search(rf"{re.escape(site.KAUTH_ORIGIN)}(/password/reset/\S+)", str(mail.body))
    assert address
    assert choose(browser(), address[1]).headers["Location"] == "/login/"
    assert log_in(browser(), password=NEW).status_code == 302
    assert EventKind.PASSWORD_RESET in events()


def test_d56_a_reset_skips_no_second_factor(alice: Linked) -> None:
    visitor = browser()
    choose(visitor, reset_links.page_for(alice.user))
    assert signed_in_as(visitor) is None
    log_in(visitor, password=NEW)
    assert visitor.get(MANAGER).status_code == 302
    assert pass_second_factor(visitor, alice.user).headers["Location"] == MANAGER
    assert is_signed_in(visitor)


def test_d56_a_reset_removes_no_device_and_no_backup_code(alice: Linked) -> None:
    before = [*User.objects.values_list("must_enrol", flat=True), alice.row.state]
    choose(browser(), reset_links.page_for(alice.user))
    alice.row.refresh_from_db()
    alice.user.refresh_from_db()
    assert [alice.user.must_enrol, alice.row.state] == before


def test_d70_a_reset_ends_sessions_and_pending_logins(alice: Linked) -> None:
    signed_in, waiting = two_factor_browser(alice.user), browser()
    log_in(waiting)
    choose(browser(), reset_links.page_for(alice.user))
    assert not is_signed_in(signed_in)
    assert pass_second_factor(waiting, alice.user).headers["Location"] == START_AGAIN


def test_a_link_works_once() -> None:
    page = reset_links.page_for(make_user())
    assert choose(browser(), page).status_code == 302
    assert OVER in choose(browser(), page, f"{NEW} again").content.decode()
    assert log_in(browser(), password=NEW).status_code == 302


def test_a_link_ends_with_the_next_sign_in() -> None:
    user = make_user()
    page = reset_links.page_for(user)
    User.objects.update(last_login=timezone.now())
    assert OVER in browser().get(page).content.decode()


def test_a_link_ends_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    real = default_token_generator._now
    monkeypatch.setattr(
        default_token_generator, "_now", lambda: real() - timedelta(hours=1, seconds=2)
    )
    page = reset_links.page_for(user)
    monkeypatch.undo()
    assert OVER in browser().get(page).content.decode()


def test_a_link_of_an_account_that_was_switched_off_is_over() -> None:
    page = reset_links.page_for(make_user())
    User.objects.update(is_active=False)
    assert OVER in choose(browser(), page).content.decode()
    assert User.objects.get().check_password(PASSWORD)


def encoded(text: str | bytes) -> str:
    return urlsafe_base64_encode(force_bytes(text))


def test_the_token_of_one_account_opens_no_other() -> None:
    alice, mallory = make_user(), make_user("mallory@example.org")
    *_, token, _ = reset_links.page_for(mallory).split("/")
    page = f"/password/reset/{encoded(str(alice.pk))}/{token}/"
    assert OVER in choose(browser(), page).content.decode()
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)


@pytest.mark.parametrize(
    "uid", ["x", "====", encoded(b"\xff\xfe"), encoded("\x00"), encoded("1"), "é", "MQ" * 3000]
)
def test_a_link_of_nobody_is_over(uid: str) -> None:
    assert OVER in browser().get(f"/password/reset/{uid}/abc-def/").content.decode()


@pytest.mark.parametrize("token", ["x", "abc-def", "-", "a" * 5000, "0-" + "0" * 32, "\x00"])
def test_a_made_up_token_is_over(token: str) -> None:
    page = f"/password/reset/{encoded(str(make_user().pk))}/{token}/"
    assert OVER in browser().get(page).content.decode()


def test_a_reset_refuses_a_weak_password_and_the_link_still_works() -> None:
    page = reset_links.page_for(make_user())
    assert "too short" in choose(browser(), page, "short").content.decode()
    assert choose(browser(), page).status_code == 302


# --- By the old password ------------------------------------------------------------------


def test_d70_a_change_ends_all_other_sessions_and_keeps_this_one(alice: Linked) -> None:
    here, there = two_factor_browser(alice.user), two_factor_browser(alice.user)
    assert change(here).headers["Location"] == MANAGER
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert EventKind.PASSWORD_CHANGED in events()


@pytest.mark.parametrize(("old", "new"), [("wrong horse", NEW), (PASSWORD, "short"), ("", NEW)])
def test_a_change_that_is_refused_changes_nothing(alice: Linked, old: str, new: str) -> None:
    here, there = two_factor_browser(alice.user), two_factor_browser(alice.user)
    assert change(here, old, new).status_code == 200
    alice.user.refresh_from_db()
    assert alice.user.check_password(PASSWORD)
    assert is_signed_in(there)


def test_a_change_is_told_by_mail(
    alice: Linked, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change(two_factor_browser(alice.user))
    (mail,) = mailoutbox
    assert "was changed" in mail.subject
    assert NEW not in str(mail.body)


def test_a_new_password_ends_the_duty_to_choose_one(alice: Linked) -> None:
    User.objects.update(must_change_password=True)
    visitor = two_factor_browser(alice.user)
    assert visitor.get(MANAGER).headers["Location"] == "/password/change/"
    change(visitor, new=PASSWORD)
    assert visitor.get(MANAGER).headers["Location"] == "/password/change/"
    change(visitor)
    assert is_signed_in(visitor)


# --- Recent logins (D-71) -----------------------------------------------------------------


def old_login(visitor: Client) -> Client:
    session = visitor.session
    session["reauthenticated_at"] -= 301
    session.save()
    return visitor


def test_d71_after_five_minutes_a_change_asks_again_who_is_there(alice: Linked) -> None:
    visitor = old_login(two_factor_browser(alice.user))
    response = change(visitor)
    assert response.headers["Location"] == "/login/again/?next=%2Fpassword%2Fchange%2F"
    alice.user.refresh_from_db()
    assert alice.user.check_password(PASSWORD)


def test_d71_with_two_factors_the_password_alone_confirms_nothing(alice: Linked) -> None:
    visitor = old_login(two_factor_browser(alice.user))
    response = visitor.post("/login/again/?next=/password/change/", {"password": PASSWORD})
    assert response.headers["Location"] == "/login/verify/"
    assert visitor.get("/password/change/").status_code == 302
    pass_second_factor(visitor, alice.user)
    assert visitor.get("/password/change/").status_code == 200


def test_d71_without_a_method_the_password_confirms() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    old_login(visitor)
    assert visitor.get("/password/change/").status_code == 302
    assert "Type your password once more" in visitor.get("/login/again/").content.decode()
    visitor.post("/login/again/?next=/password/change/", {"password": PASSWORD})
    assert visitor.get("/login/verify/").headers["Location"] == "/password/change/"
    assert visitor.get("/password/change/").status_code == 200


def test_d101_no_link_begins_a_confirmation_that_rings_the_devices(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    assert "Confirm it with your second factor" in visitor.get("/login/again/").content.decode()
    assert visitor.get("/login/verify/").headers["Location"] == "/login/?over=1"
    assert not Challenge.objects.exists()


def test_a_login_in_the_future_is_not_recent(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    session = visitor.session
    session["reauthenticated_at"] += 3600
    session.save()
    assert visitor.get("/password/change/").status_code == 302


def test_an_epoch_that_moves_on_ends_the_session(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    User.objects.update(security_epoch=F("security_epoch") + 1)
    assert not is_signed_in(visitor)


def test_a_reset_does_not_take_the_old_password_either(alice: Linked) -> None:
    """Else "it was not me" would end with the password that somebody else knows."""
    answer = choose(browser(), reset_links.page_for(alice.user), PASSWORD)
    assert "This is your old password" in answer.content.decode()
