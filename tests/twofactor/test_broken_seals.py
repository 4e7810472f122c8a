"""What is refused, written down and told when somebody has changed stored secrets (D-49)."""

import json
import logging
from typing import Any

import pytest
from django.test import Client

from accounts.models import EventKind, SecurityEvent
from devices.models import Device
from tests.calls import call, refusal
from tests.linked import Linked
from tests.pages import browser, log_in, two_factor_browser
from tests.software_device import SoftwareDevice
from twofactor import backup_codes
from twofactor.models import BackupCode, BackupCodeSet

pytestmark = pytest.mark.django_db

PROVISION = ("POST", "/device/v1/provision")
CODES = "/2fa/backup-codes/"


def changed(sealed: Any) -> bytes:
    """With one bit of it turned."""
    value = bytearray(bytes(sealed))
    value[-1] ^= 1
    return bytes(value)


@pytest.fixture
def desk(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


@pytest.fixture
def spoiled_codes(alice: Linked) -> BackupCodeSet:
    code_set = BackupCodeSet.objects.get(user=alice.user)
    code_set.readable = changed(code_set.readable)
    code_set.save()
    return code_set


def alarm(caplog: pytest.LogCaptureFixture) -> tuple[SecurityEvent, str]:
    """The one event and the one line in the log."""
    (line,) = (one for one in caplog.records if one.levelno == logging.CRITICAL)
    return SecurityEvent.objects.get(kind=EventKind.TAMPERED), line.getMessage()


def test_d49_a_changed_code_secret_is_not_handed_out(
    alice: Linked, caplog: pytest.LogCaptureFixture
) -> None:
    rows = Device.objects.filter(pk=alice.row.pk)
    rows.update(otp_secret=changed(alice.row.otp_secret))
    response = call(alice.phone, *PROVISION)
    assert refusal(response) == (401, "unauthenticated")
    stranger = SoftwareDevice()
    stranger.device, stranger.account = alice.phone.device, alice.phone.account
    assert response.content == call(stranger, *PROVISION).content
    event, line = alarm(caplog)
    assert (event.user_id, event.device_name, event.method) == (
        alice.user.pk,
        "Pixel 8",
        "code secret",
    )
    assert line.endswith(f"the code secret of device {alice.row.public_id}.")


def test_d49_changed_backup_codes_are_shown_nowhere(
    spoiled_codes: BackupCodeSet, alice: Linked, desk: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert desk.get(CODES).status_code == 200
    event, line = alarm(caplog)
    assert (event.user_id, event.method) == (alice.user.pk, "backup codes")
    assert line.endswith(f"the backup codes of account {alice.user.pk}.")
    assert desk.get(f"{CODES}download/")["Location"] == CODES


def test_d49_with_changed_backup_codes_a_device_is_provisioned_without_them(
    spoiled_codes: BackupCodeSet, alice: Linked
) -> None:
    content = json.loads(call(alice.phone, *PROVISION).content)
    assert content["backup_codes"] is None
    assert content["totp"]["secret"]


@pytest.mark.parametrize("digest", ["", "nonsense", "$argon2id$v=19$m=19456,t=2,p=1$AA$AA"])
def test_d49_a_backup_code_whose_hash_was_changed_is_refused(
    alice: Linked, digest: str, caplog: pytest.LogCaptureFixture
) -> None:
    code = (backup_codes.readable(alice.user) or [])[0]
    BackupCode.objects.filter(selector=code[:2]).update(digest=digest)
    visitor = browser()
    log_in(visitor)
    page = visitor.post("/login/verify/backup-code/", {"code": code}).content.decode()
    assert "This is none of your unused backup codes." in page
    assert alarm(caplog)[0].method == "backup code"
