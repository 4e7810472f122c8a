"""Policies where they bite: at the door, when a method is added, and when one is used."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import EventKind, SecurityEvent
from accounts.policies import NotAllowed
from devices import enrolment
from devices.exceptions import LastFactor, TooManyDevices
from devices.models import Device
from tests.groups import in_days, put_under
from tests.linked import Linked
from tests.otp import add_otp_app, code_of
from tests.pages import (
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    sign_in,
    signed_in_as,
    two_factor_browser,
)
from tests.people import VISITOR, claim_link, make_user
from tests.recovering import helped_browser
from tests.software_device import SoftwareDevice
from tests.software_key import SoftwareKey, add_key
from tests.twofactor.asking import answer
from twofactor import challenges, methods, otp_apps, security_keys
from twofactor.method_models import OtpApp, SecurityKey
from twofactor.models import Match, Purpose

pytestmark = pytest.mark.django_db

SECTION, ADD = "/2fa/", "/2fa/add/"
NO_KAUTH, NO_OTP, NO_KEYS = {"allow_kauth": False}, {"allow_otp": False}, {"allow_keys": False}
ONLY_KEYS, ONLY_OTP = NO_KAUTH | NO_OTP, NO_KAUTH | NO_KEYS


def led_to(visitor: Client, path: str) -> str:
    return str(visitor.get(path).get("Location", ""))


def text_of(response: Any) -> str:
    return str(response.content.decode())


def not_allowed() -> int:
    return SecurityEvent.objects.filter(kind=EventKind.METHOD_NOT_ALLOWED).count()


@pytest.fixture
def newcomer() -> Client:
    """Signed in by the password of an account without a method, which needs one from today."""
    put_under(make_user(), require_from=in_days(0))
    visitor = browser()
    sign_in(visitor)
    return visitor


@pytest.fixture
def behind_the_password(alice: Linked) -> Client:
    visitor = browser()
    log_in(visitor)
    return visitor


# --- 2FA required -------------------------------------------------------------------------


def test_a_required_account_without_a_method_opens_the_2fa_section_only(newcomer: Client) -> None:
    for path in ("/manager/", "/manager/activity/", "/manager/sessions/", "/password/change/"):
        assert led_to(newcomer, path) == SECTION
    page = newcomer.get(SECTION)
    assert "Your group needs 2FA. Add a method now" in text_of(page)
    assert newcomer.get(ADD).status_code == 200


def test_the_2fa_section_does_not_say_that_the_password_opens_what_it_does_not(
    newcomer: Client,
) -> None:
    page = text_of(newcomer.get(SECTION))
    assert "Without a method your password opens the 2FA section only" in page
    assert "Your password alone opens this account" not in page


def test_a_session_from_before_the_policy_is_led_there_at_its_next_page() -> None:
    user = make_user()
    visitor = browser()
    sign_in(visitor)
    assert is_signed_in(visitor)
    put_under(user, require_from=in_days(0))
    assert led_to(visitor, "/manager/") == SECTION


def test_the_first_method_opens_the_rest(newcomer: Client) -> None:
    newcomer.get("/2fa/add/otp/")
    newcomer.post("/2fa/add/otp/", {"code": code_of(OtpApp.objects.get())})
    assert is_signed_in(newcomer)


def test_before_its_day_a_policy_is_announced_and_holds_nobody_up() -> None:
    put_under(make_user(), require_from=in_days(3))
    visitor = browser()
    sign_in(visitor)
    day = date_format(in_days(3), "j F Y")
    assert f"Your group needs 2FA from {day} on" in text_of(visitor.get("/manager/"))


def test_with_a_method_a_required_account_is_not_held_up(alice: Linked) -> None:
    put_under(alice.user, require_from=in_days(0))
    assert is_signed_in(two_factor_browser(alice.user))


def test_d43_the_last_method_of_a_required_account_stays(alice: Linked) -> None:
    put_under(alice.user, require_from=in_days(0))
    here = two_factor_browser(alice.user)
    page = here.post(f"/2fa/devices/{alice.row.public_id}/remove/")
    assert "this is your last method for it" in text_of(page)
    with pytest.raises(LastFactor):
        enrolment.revoke(alice.row, visitor=VISITOR, by=enrolment.BY_PERSON)
    assert Device.objects.get(pk=alice.row.pk).is_active


def test_d43_with_another_method_it_may_go(alice: Linked) -> None:
    put_under(alice.user, require_from=in_days(0))
    add_otp_app(alice.user)
    assert enrolment.revoke(alice.row, visitor=VISITOR, by=enrolment.BY_PERSON)
    assert methods.enabled(alice.user)


def test_d96_a_reset_under_a_policy_ends_in_a_code_and_what_is_allowed(alice: Linked) -> None:
    put_under(alice.user, **ONLY_KEYS)
    code = methods.reset(alice.user, by="help desk")
    visitor = browser()
    log_in(visitor)
    visitor.post("/login/verify/backup-code/", {"code": code})
    assert led_to(visitor, "/manager/") == SECTION
    made = SoftwareKey().make(str(visitor.get("/2fa/add/key/").context["options"]))
    visitor.post("/2fa/add/key/", {"answer": made, "name": ""})
    assert is_signed_in(visitor)


# --- Methods allowed: adding --------------------------------------------------------------


def test_only_allowed_methods_are_offered(alice: Linked) -> None:
    put_under(alice.user, **ONLY_OTP)
    page = text_of(two_factor_browser(alice.user).get(ADD))
    assert "/2fa/add/otp/" in page
    assert "/2fa/add/kauth/" not in page
    assert "/2fa/add/key/" not in page


@pytest.mark.parametrize(("asked", "path"), [(NO_OTP, "/2fa/add/otp/"), (NO_KEYS, "/2fa/add/key/")])
def test_a_method_that_is_not_allowed_is_not_set_up(
    alice: Linked, asked: dict[str, bool], path: str
) -> None:
    put_under(alice.user, **asked)
    page = two_factor_browser(alice.user).get(path, follow=True)
    assert page.redirect_chain == [(ADD, 302)]
    assert "Your group does not use that method" in text_of(page)
    assert not_allowed() == 1


def test_a_device_that_is_not_allowed_gets_no_link(alice: Linked) -> None:
    put_under(alice.user, **NO_KAUTH)
    page = two_factor_browser(alice.user).post("/2fa/add/kauth/", {"action": "next"})
    assert "Your group does not use the kAuth app" in text_of(page)
    assert not_allowed() == 1


def test_what_was_begun_before_the_policy_is_not_finished(alice: Linked) -> None:
    app = otp_apps.begin(alice.user)
    options = security_keys.registration_options(alice.user, binding="page")
    made = SoftwareKey().make(options)
    put_under(alice.user, **NO_OTP | NO_KEYS)
    with pytest.raises(NotAllowed):
        otp_apps.confirm(app, code=code_of(app), visitor=VISITOR)
    with pytest.raises(NotAllowed):
        security_keys.register(alice.user, answer=made, name="", binding="page", visitor=VISITOR)
    assert not OtpApp.objects.filter(confirmed=True).exists()
    assert not SecurityKey.objects.exists()


def test_a_device_that_is_not_allowed_any_more_is_not_confirmed(alice: Linked) -> None:
    offer, _ = claim_link(alice.user, SoftwareDevice("Second"))
    put_under(alice.user, **NO_KAUTH)
    with pytest.raises(NotAllowed):
        enrolment.confirm(offer.pk, user=alice.user, visitor=VISITOR)


def test_no_more_devices_are_linked_than_the_policy_says(alice: Linked) -> None:
    offer, _ = claim_link(alice.user, SoftwareDevice("Second"))
    put_under(alice.user, most_devices=1)
    with pytest.raises(TooManyDevices):
        enrolment.confirm(offer.pk, user=alice.user, visitor=VISITOR)
    page = two_factor_browser(alice.user).post("/2fa/add/kauth/", {"action": "next"})
    assert "You have 1 linked device, as many as there may be" in text_of(page)


# --- Methods allowed: signing in ----------------------------------------------------------


def test_a_device_that_is_not_allowed_is_not_asked(
    alice: Linked, behind_the_password: Client
) -> None:
    add_key(alice.user)
    put_under(alice.user, **NO_KAUTH)
    assert led_to(behind_the_password, "/login/verify/") == "/login/verify/key/"
    behind_the_password.post("/login/verify/again/")
    assert not alice.user.challenges.exists()


def test_a_yes_from_before_the_policy_opens_nothing(
    alice: Linked, behind_the_password: Client
) -> None:
    behind_the_password.get("/login/verify/")
    question = alice.user.challenges.get()
    answer(alice, question, number=question.number)
    put_under(alice.user, **ONLY_KEYS)
    behind_the_password.post("/login/verify/")
    assert signed_in_as(behind_the_password) is None


@pytest.mark.parametrize("asked", [NO_KAUTH, NO_OTP])
def test_codes_count_of_allowed_methods_only(alice: Linked, asked: dict[str, bool]) -> None:
    app = add_otp_app(alice.user)
    OtpApp.objects.update(otp_last_step=0)
    put_under(alice.user, **asked)
    sources: dict[bool, Any] = {asked == NO_OTP: alice.row, asked == NO_KAUTH: app}
    for allowed in (False, True):
        visitor = browser()
        log_in(visitor)
        visitor.post("/login/verify/code/", {"code": code_of(sources[allowed])})
        assert is_signed_in(visitor) is allowed


def test_a_key_that_is_not_allowed_gets_nothing_to_sign(
    alice: Linked, behind_the_password: Client
) -> None:
    key = add_key(alice.user)
    options = str(behind_the_password.get("/login/verify/key/").context["options"])
    put_under(alice.user, **NO_KEYS)
    answer = behind_the_password.post("/login/verify/key/", {"answer": key.sign(options)})
    assert answer["Location"] == "/login/verify/"
    assert not is_signed_in(behind_the_password)


def test_whose_methods_are_all_gone_is_told_what_to_do(
    alice: Linked, behind_the_password: Client
) -> None:
    put_under(alice.user, **ONLY_KEYS)
    page = behind_the_password.get("/login/verify/", follow=True)
    assert page.redirect_chain == [("/login/verify/backup-code/", 302)]
    assert "add a method that it uses: security key" in text_of(page)
    assert "A code from the help desk of this site goes here as well" in text_of(page)


def test_behind_the_backup_code_a_method_is_added_before_anything_else(
    alice: Linked, behind_the_password: Client
) -> None:
    put_under(alice.user, **ONLY_KEYS)
    pass_second_factor(behind_the_password, alice.user)
    assert led_to(behind_the_password, "/manager/") == SECTION
    assert "no longer uses the methods that you have" in text_of(behind_the_password.get(SECTION))
    add_key(alice.user)
    assert is_signed_in(behind_the_password)


def test_a_method_that_is_left_over_is_named(alice: Linked) -> None:
    add_key(alice.user)
    put_under(alice.user, **NO_KAUTH)
    visitor = browser()
    log_in(visitor)
    pass_second_factor(visitor, alice.user)
    assert "so you can remove it: “Pixel 8”" in text_of(visitor.get(SECTION))


# --- The number ---------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "match"), [({}, Match.TAP), ({"always_number": True}, "number")])
def test_a_known_browser_is_asked_for_the_number_by_policy(
    alice: Linked, asked: dict[str, bool], match: str
) -> None:
    put_under(alice.user, **asked)
    known = alice.user.known_browsers.create(name="Firefox on Linux")
    challenge = challenges.issue(
        user=alice.user,
        purpose=Purpose.LOGIN,
        binding="page",
        visitor=VISITOR,
        known_browser=known,
    )
    assert challenge.match == match
    assert bool(challenge.number) is (match == "number")


# --- After a recovery ---------------------------------------------------------------------


def test_a_key_that_a_help_desk_code_added_is_as_new_as_a_device(alice: Linked) -> None:
    put_under(alice.user, **ONLY_KEYS)
    visitor = helped_browser(alice.user)
    made = SoftwareKey().make(str(visitor.get("/2fa/add/key/").context["options"]))
    done = visitor.post("/2fa/add/key/", {"answer": made, "name": ""})
    assert done.headers["Location"] == SECTION
    assert visitor.get(ADD).status_code == 403
    SecurityKey.objects.update(new_until=timezone.now() - timedelta(seconds=1))
    assert visitor.get(ADD).status_code == 200
