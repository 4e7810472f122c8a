"""`manage.py twofactor`, `send_challenge`, `expire_challenges` and `rotate_keys`."""

import io
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from devices import one_time_codes, sealing
from devices.models import Device, DeviceState
from tests.people import VISITOR, link_device, make_user
from twofactor import backup_codes, helpdesk_codes
from twofactor.exceptions import WrongHelpDeskCode
from twofactor.models import HelpDeskCode

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=output)
    return output.getvalue()


def test_status_tells_the_methods() -> None:
    link_device(make_user())
    facts = json.loads(run("twofactor", "status", "alice@example.org", "--json"))
    assert facts["enabled"] is True
    assert facts["devices"] == ["Pixel 8"]
    assert facts["backup_codes_left"] == 10


def test_reset_ends_in_must_enrol_with_a_code_that_works_once() -> None:
    user = make_user()
    _, device = link_device(user)
    code = json.loads(run("twofactor", "reset", "alice@example.org", "--json"))["code"]
    user.refresh_from_db()
    device.refresh_from_db()
    assert user.must_enrol
    assert device.state == DeviceState.REVOKED
    helpdesk_codes.redeem(user=user, code=code, visitor=VISITOR)
    with pytest.raises(WrongHelpDeskCode):
        helpdesk_codes.redeem(user=user, code=code, visitor=VISITOR)
    assert backup_codes.left(user) == 0


def test_a_help_desk_code_is_made_with_a_reason() -> None:
    user = make_user()
    link_device(user)
    with pytest.raises(CommandError, match="Say why"):
        run("twofactor", "helpdesk-code", "alice@example.org")
    made = run(
        "twofactor", "helpdesk-code", "alice@example.org", "--reason", "Phone lost", "--json"
    )
    helpdesk_codes.redeem(user=user, code=json.loads(made)["code"], visitor=VISITOR)
    assert Device.objects.of(user).active().exists(), "the methods stay as they are"
    assert HelpDeskCode.objects.get(user=user).reason == "Phone lost"


def test_an_account_without_a_method_gets_no_help_desk_code() -> None:
    make_user()
    with pytest.raises(CommandError, match="no method"):
        run("twofactor", "helpdesk-code", "alice@example.org", "--reason", "Phone lost")


def test_backup_codes_are_made_anew() -> None:
    link_device(make_user())
    assert len(run("twofactor", "backup-codes", "alice@example.org").split()) == 10


def test_an_unknown_account_is_said_in_words() -> None:
    with pytest.raises(CommandError, match="no account"):
        run("twofactor", "status", "nobody@example.org")


def test_send_challenge_ends_with_3_without_a_device() -> None:
    make_user()
    with pytest.raises(SystemExit) as ending:
        run("send_challenge", "alice@example.org")
    assert ending.value.code == 3


def test_expire_challenges_says_how_many() -> None:
    assert json.loads(run("expire_challenges", "--json"))["challenges_expired"] == 0


def test_d87_rotation_seals_anew_and_is_idempotent(settings: Any) -> None:
    _, device = link_device(make_user())
    secret = one_time_codes.secret_of(device)
    fresh = urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    settings.KAUTH_FIELD_KEYS = f"k9:{fresh},{settings.KAUTH_FIELD_KEYS}"
    assert "one-time-code secrets: 1 sealed anew" in run("rotate_keys")
    again = Device.objects.get(pk=device.pk)
    assert sealing.is_current(bytes(again.otp_secret))
    assert one_time_codes.secret_of(again) == secret
    assert "one-time-code secrets: 0 sealed anew" in run("rotate_keys")


def test_d49_rotation_goes_on_past_a_broken_seal_and_names_its_row(settings: Any) -> None:
    broken, whole = (link_device(make_user(f"{name}@example.org"))[1] for name in ("eve", "fay"))
    Device.objects.filter(pk=broken.pk).update(otp_secret=bytes(whole.otp_secret))
    fresh = urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    settings.KAUTH_FIELD_KEYS = f"k9:{fresh},{settings.KAUTH_FIELD_KEYS}"
    out = io.StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("rotate_keys", "--json", stdout=out)
    row = f"one-time-code secrets: device {broken.public_id}"
    assert json.loads(out.getvalue())["broken"] == [row]
    assert json.loads(out.getvalue())["sealed"]["one-time-code secrets"] == 1
    assert row in str(failure.value)
    assert failure.value.returncode == 1


def test_d49_rotation_finds_a_broken_seal_under_the_newest_key_too() -> None:
    _, device = link_device(make_user())
    sealed = bytearray(bytes(device.otp_secret))
    sealed[-1] ^= 1
    Device.objects.filter(pk=device.pk).update(otp_secret=bytes(sealed))
    with pytest.raises(CommandError, match=str(device.public_id)):
        run("rotate_keys")
