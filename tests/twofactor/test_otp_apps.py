"""An OTP app of any maker: it counts once it has shown a code, and then like a device's codes."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django_otp.oath import TOTP

from accounts import throttling
from accounts.models import EventKind, SecurityEvent, User
from devices import one_time_codes
from devices.one_time_codes import WrongCode
from tests.linked import Linked
from tests.otp import At, T, add_otp_app, at_in, code_of
from tests.pages import browser, is_signed_in, log_in, sign_in, two_factor_browser
from tests.people import VISITOR, make_user
from twofactor import key_rotation, methods, otp_apps
from twofactor.method_models import OtpApp

pytestmark = pytest.mark.django_db

ADD = "/2fa/add/otp/"
CODE = "/login/verify/code/"


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    at = at_in(monkeypatch)
    at(0)
    return at


@pytest.fixture
def desk(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def waiting() -> OtpApp:
    return OtpApp.objects.get(confirmed=False)


def works(user: User, typed: str) -> bool:
    try:
        one_time_codes.redeem(user=user, code=typed, visitor=VISITOR, apps=methods.otp_apps(user))
    except WrongCode:
        return False
    return True


# --- Setting up ---------------------------------------------------------------------------


def test_the_qr_holds_what_any_otp_app_understands(alice: Linked) -> None:
    app = otp_apps.begin(alice.user)
    address = urlsplit(otp_apps.address(app))
    facts = {name: values[0] for name, values in parse_qs(address.query).items()}
    secret = base64.b32decode(facts.pop("secret"))
    assert f"{address.scheme}://{address.netloc}" == "otpauth://totp"
    assert unquote(address.path) == "/kAuth:alice@example.org"
    assert facts == {"issuer": "kAuth", "algorithm": "SHA1", "digits": "6", "period": "30"}
    assert len(secret) == 20
    other = TOTP(secret)
    other.time = T
    assert f"{other.token():06d}" == code_of(app)


def test_a_right_code_makes_it_a_method(alice: Linked, desk: Client) -> None:
    page = desk.get(ADD)
    secret = one_time_codes.in_base32(waiting())
    assert page.context["secret"].replace(" ", "") == secret
    response = desk.post(ADD, {"code": code_of(waiting())})
    assert response["Location"] == "/2fa/backup-codes/"
    assert [app.name for app in methods.otp_apps(alice.user)] == ["OTP app"]
    assert secret not in text_of(desk.get(ADD)).replace(" ", "")
    event = SecurityEvent.objects.get(kind=EventKind.METHOD_ADDED)
    assert (event.device_name, event.method) == ("OTP app", "otp")


def test_the_person_hears_of_it(
    desk: Client, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    desk.get(ADD)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(ADD, {"code": code_of(waiting())})
    assert "“OTP app” was added" in str(mailoutbox[-1].body)


@pytest.mark.parametrize("code", ["", "000000", "12345", "１２３４５６"])
def test_a_wrong_code_adds_nothing_and_shows_the_same_secret(desk: Client, code: str) -> None:
    shown = desk.get(ADD).context["secret"]
    assert desk.post(ADD, {"code": code}).context["secret"] == shown
    assert not OtpApp.objects.filter(confirmed=True).exists()


def test_what_is_not_confirmed_is_no_method(at: At) -> None:
    """authentik #2330: a half-enrolled method counted."""
    user = make_user()
    app = otp_apps.begin(user)
    assert not methods.required(user)
    assert not works(user, code_of(app))
    visitor = browser()
    sign_in(visitor)
    assert is_signed_in(visitor)


def test_after_ten_minutes_there_is_a_new_secret(desk: Client) -> None:
    desk.get(ADD)
    old = waiting()
    OtpApp.objects.update(created_at=old.created_at - timedelta(minutes=10))
    page = desk.post(ADD, {"code": code_of(old)})
    assert "Scan this new one" in text_of(page)
    assert waiting().pk != old.pk
    assert not OtpApp.objects.filter(confirmed=True).exists()


def test_a_secret_that_nobody_confirmed_is_deleted(alice: Linked) -> None:
    otp_apps.begin(alice.user)
    assert otp_apps.forget_unconfirmed() == 0
    OtpApp.objects.update(created_at=waiting().created_at - timedelta(minutes=10))
    assert otp_apps.forget_unconfirmed() == 1


def test_another_session_cannot_confirm_it(alice: Linked, desk: Client) -> None:
    desk.get(ADD)
    code = code_of(waiting())
    two_factor_browser(alice.user).post(ADD, {"code": code})
    assert not OtpApp.objects.filter(confirmed=True).exists()


def test_d63_setting_up_is_throttled_and_holds_up_no_sign_in(alice: Linked, desk: Client) -> None:
    desk.get(ADD)
    for _ in range(throttling.CODE.free):
        desk.post(ADD, {"code": "000000"})
    assert "Too many tries" in text_of(desk.post(ADD, {"code": code_of(waiting())}))
    assert works(alice.user, code_of(alice.row))


def test_there_are_five_at_most(alice: Linked, desk: Client) -> None:
    for _ in range(5):
        add_otp_app(alice.user)
    assert "You have 5 OTP apps" in text_of(desk.get(ADD))
    assert methods.overview(alice.user).otp_apps[1].name == "OTP app 2"
    assert OtpApp.objects.count() == 5


def test_d33_setting_up_needs_a_recent_login(desk: Client) -> None:
    session = desk.session
    session["reauthenticated_at"] -= 301
    session.save()
    for response in (desk.get(ADD), desk.post(ADD, {"code": "123456"})):
        assert response["Location"] == "/login/again/?next=%2F2fa%2Fadd%2Fotp%2F"
    assert not OtpApp.objects.exists()


def test_d34_a_pending_login_sees_no_secret(alice: Linked) -> None:
    app = add_otp_app(alice.user)
    visitor = browser()
    log_in(visitor)
    for page in (ADD, app.get_absolute_url(), f"{app.get_absolute_url()}remove/"):
        assert visitor.get(page)["Location"].startswith("/login/")
        assert visitor.post(page)["Location"].startswith("/login/")
    assert OtpApp.objects.get() == app


# --- Signing in ---------------------------------------------------------------------------


def test_whose_only_method_is_a_code_lands_on_the_code_page(at: At) -> None:
    user = make_user()
    app = add_otp_app(user)
    at(30)
    visitor = browser()
    log_in(visitor)
    assert visitor.get("/login/verify/")["Location"] == CODE
    assert not is_signed_in(visitor)
    page = text_of(visitor.get(CODE))
    assert "Open your OTP app" in page
    assert "Ask my phone" not in page
    assert visitor.post(CODE, {"code": code_of(app)})["Location"] == "/manager/"
    assert is_signed_in(visitor)
    assert SecurityEvent.objects.get(kind=EventKind.CODE_ACCEPTED).device_name == "OTP app"


def test_the_first_method_ends_the_sessions_that_had_the_password_alone() -> None:
    user = make_user()
    visitor = browser()
    sign_in(visitor)
    add_otp_app(user)
    assert not is_signed_in(visitor)


def test_d46_its_code_works_once_and_none_before_it(alice: Linked, at: At) -> None:
    app = add_otp_app(alice.user)
    assert not works(alice.user, code_of(app))
    at(60)
    later = code_of(app)
    assert works(alice.user, later)
    assert not works(alice.user, later)


@pytest.mark.parametrize(("seconds", "right"), [(-1, False), (0, True), (39.9, True), (40, False)])
def test_d45_its_codes_have_the_window_of_a_devices(
    alice: Linked, at: At, seconds: float, right: bool
) -> None:
    app = add_otp_app(alice.user)
    OtpApp.objects.update(otp_last_step=0)
    code = code_of(app)
    at(seconds)
    assert works(alice.user, code) is right


def test_d50_one_counter_for_the_codes_of_devices_and_apps(alice: Linked, at: At) -> None:
    app = add_otp_app(alice.user)
    at(30)
    visitor = browser()
    log_in(visitor)
    for _ in range(throttling.CODE.free):
        visitor.post(CODE, {"code": "000000"})
    for source in (app, alice.row):
        assert "Too many tries" in text_of(visitor.post(CODE, {"code": code_of(source)}))
    assert not is_signed_in(visitor)


def test_d49_its_secret_is_sealed_for_its_row_and_kind(alice: Linked, at: At) -> None:
    app = add_otp_app(alice.user)
    at(30)
    stored = bytes(app.otp_secret)
    secret = one_time_codes.secret_of(app)
    assert not any(form in stored for form in (secret, base64.b32encode(secret)))
    type(alice.row).objects.update(otp_secret=stored, public_id=app.public_id)
    alice.row.refresh_from_db()
    assert not one_time_codes.redeem_on(alice.row, code_of(app))
    assert SecurityEvent.objects.filter(kind=EventKind.TAMPERED).count() == 1


def test_its_secret_moves_to_the_newest_key(alice: Linked, settings: Any) -> None:
    app = add_otp_app(alice.user)
    new = base64.urlsafe_b64encode(b"n" * 32).decode()
    settings.KAUTH_FIELD_KEYS = f"new:{new},{settings.KAUTH_FIELD_KEYS}"
    assert key_rotation.rotate().sealed["one-time-code secrets"] == 2
    settings.KAUTH_FIELD_KEYS = f"new:{new}"
    app.refresh_from_db()
    assert len(one_time_codes.secret_of(app)) == one_time_codes.SECRET_SIZE


def test_a_code_of_another_accounts_app_fails(alice: Linked, bob: Linked, at: At) -> None:
    app = add_otp_app(bob.user)
    at(30)
    assert not works(alice.user, code_of(app))


def test_a_browser_that_used_a_code_last_has_the_box_open_and_still_asks_the_phone(
    alice: Linked, at: At
) -> None:
    visitor = browser()
    log_in(visitor)
    assert "data-code-at-once" not in text_of(visitor.get("/login/verify/"))
    visitor.post(CODE, {"code": code_of(alice.row)})
    visitor.post("/logout/")
    log_in(visitor)
    page = visitor.get("/login/verify/")
    assert "data-code-at-once" in text_of(page)
    assert page.context["waiting"]["state"] == "pending"
