"""What an account is without one of its methods, and who may bring that about (D-40 to D-43)."""

from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from accounts.models import EventKind, SecurityEvent, User
from devices import enrolment
from tests.linked import Linked
from tests.otp import add_otp_app
from tests.pages import browser, is_signed_in, log_in, pass_second_factor, two_factor_browser
from tests.people import VISITOR, make_user
from twofactor import backup_codes, methods
from twofactor.method_models import OtpApp
from twofactor.methods import AfterRemoval

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


def remove_page(method: Any) -> str:
    return f"/2fa/{method.KIND}/{method.public_id}/remove/"


def text_of(response: Any) -> str:
    return str(response.content.decode())


def events(kind: EventKind) -> int:
    return SecurityEvent.objects.filter(kind=kind).count()


def test_a_method_is_renamed(alice: Linked, desk: Client) -> None:
    app = add_otp_app(alice.user)
    assert desk.post(app.get_absolute_url(), {"name": " Aegis\u202e "})["Location"].endswith("/")
    app.refresh_from_db()
    assert app.name == "Aegis"
    assert "Aegis" in text_of(desk.get("/2fa/"))
    assert events(EventKind.METHOD_RENAMED) == 1


def test_d42_removing_asks_first_and_takes_effect_at_once(alice: Linked, desk: Client) -> None:
    app = add_otp_app(alice.user)
    page = text_of(desk.get(remove_page(app)))
    assert "Its codes stop working at once" in page
    assert "last method" not in page
    assert desk.post(remove_page(app))["Location"] == "/2fa/"
    assert not OtpApp.objects.exists()
    event = SecurityEvent.objects.get(kind=EventKind.METHOD_REMOVED)
    assert (event.device_name, event.detail) == ("OTP app", "the person")


def test_d40_the_person_hears_of_it(
    alice: Linked,
    desk: Client,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Any,
) -> None:
    app = add_otp_app(alice.user)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(remove_page(app))
    assert "“OTP app” can no longer be used" in str(mailoutbox[-1].body)


def test_another_persons_method_is_not_there(alice: Linked, bob: Linked) -> None:
    app = add_otp_app(alice.user)
    visitor = two_factor_browser(bob.user)
    for page in (app.get_absolute_url(), remove_page(app), remove_page(alice.row)):
        assert visitor.get(page).status_code == 404
        assert visitor.post(page, {"name": "Mine"}).status_code == 404
    assert OtpApp.objects.get().name == "OTP app"


def test_a_kind_that_there_is_not_has_no_page(alice: Linked, desk: Client) -> None:
    assert desk.get(f"/2fa/nothing/{alice.row.public_id}/remove/").status_code == 404


def test_d43_with_an_otp_app_left_removing_the_last_device_leaves_2fa_on(
    alice: Linked, desk: Client
) -> None:
    add_otp_app(alice.user)
    assert "you have codes only" in text_of(desk.get(remove_page(alice.row)))
    desk.post(remove_page(alice.row))
    user = User.objects.get(pk=alice.user.pk)
    assert methods.required(user)
    assert not user.must_enrol
    assert events(EventKind.TWO_FACTOR_OFF) == 0
    # The session was opened by the device that is gone.
    assert desk.get("/2fa/")["Location"] == "/login/again/"


def test_d43_removing_the_last_method_says_that_2fa_is_off_then() -> None:
    user = make_user()
    app = add_otp_app(user)
    assert methods.without(app) == AfterRemoval.OFF
    visitor = browser()
    log_in(visitor)
    pass_second_factor(visitor, user)
    assert "switches 2FA off" in text_of(visitor.get(remove_page(app)))
    visitor.post(remove_page(app))
    assert not methods.required(User.objects.get(pk=user.pk))
    assert backup_codes.left(user) == 0
    assert events(EventKind.TWO_FACTOR_OFF) == 1


def test_d43_the_last_method_is_not_removed_by_the_password_alone() -> None:
    user = make_user()
    app = add_otp_app(user)
    user.refresh_from_db()
    visitor = browser()
    log_in(visitor)
    assert visitor.post(remove_page(app))["Location"].startswith("/login/")
    visitor.force_login(user)
    assert visitor.post(remove_page(app))["Location"] == "/login/again/"
    assert OtpApp.objects.filter(pk=app.pk).exists()


def test_d43_the_last_method_removed_by_others_leaves_an_account_that_must_enrol() -> None:
    user = make_user()
    app = add_otp_app(user)
    methods.remove(app, visitor=VISITOR, by="administrator root@example.org")
    user = User.objects.get(pk=user.pk)
    assert user.must_enrol
    assert methods.required(user)
    assert backup_codes.left(user) == 10


def test_d43_a_reset_removes_every_method_and_a_new_one_ends_it(alice: Linked) -> None:
    app = add_otp_app(alice.user)
    methods.reset(alice.user, by="command line")
    user = User.objects.get(pk=alice.user.pk)
    assert not methods.enabled(user)
    assert user.must_enrol
    add_otp_app(user)
    assert not User.objects.get(pk=user.pk).must_enrol
    assert not methods.remove(app, visitor=VISITOR, by=enrolment.BY_PERSON)


def test_d71_removing_needs_a_second_factor_of_the_last_five_minutes(
    alice: Linked, desk: Client
) -> None:
    app = add_otp_app(alice.user)
    session = desk.session
    session["reauthenticated_at"] -= 301
    session.save()
    for page in (remove_page(app), app.get_absolute_url(), remove_page(alice.row)):
        assert desk.post(page, {"name": "x"})["Location"].startswith("/login/again/?next=")
    assert OtpApp.objects.get().name == "OTP app"
    assert is_signed_in(desk)
