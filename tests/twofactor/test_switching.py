"""What switches two-factor authentication on and off, and how that is said."""

import pytest

from accounts.models import EventKind, SecurityEvent, User
from devices import enrolment
from devices.models import Device
from tests.linked import Linked
from tests.people import VISITOR, link_device, make_user
from twofactor import backup_codes, helpdesk_codes, methods
from twofactor.methods import Overview
from twofactor.models import BackupCodeSet, OtpApp

pytestmark = pytest.mark.django_db


def kinds(user: User) -> list[str]:
    return list(SecurityEvent.objects.filter(user=user).values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("devices", "apps", "codes", "sentence"),
    [
        (0, 0, 0, "Off. Your password alone opens this account."),
        (1, 0, 10, "On, with 1 device and 10 backup codes."),
        (2, 0, 1, "On, with 2 devices and 1 backup code."),
        (1, 2, 0, "On, with 1 device, 2 OTP apps and 0 backup codes."),
        (0, 1, 3, "On, with 1 OTP app and 3 backup codes."),
    ],
)
def test_the_overview_says_in_a_sentence_what_is_in_use(
    devices: int, apps: int, codes: int, sentence: str
) -> None:
    overview = Overview([Device()] * devices, codes, otp_apps=[OtpApp()] * apps)
    assert overview.sentence == sentence
    assert overview.enabled is bool(devices or apps)


def test_an_account_that_must_enrol_is_told_to() -> None:
    assert Overview([], 0, must_enrol=True).sentence.startswith("Waits for a new device")


def test_d96_an_account_that_must_enrol_is_not_opened_by_its_password() -> None:
    user = make_user()
    methods.demand_enrolment(user)
    assert methods.required(user)


def test_the_first_device_switches_it_on_and_a_second_one_changes_nothing() -> None:
    user = make_user()
    link_device(user)
    first = BackupCodeSet.objects.get(user=user).made_at
    user.refresh_from_db()
    epoch = user.security_epoch
    link_device(user, "Laptop")
    user.refresh_from_db()
    assert (user.security_epoch, epoch) == (1, 1)
    assert BackupCodeSet.objects.get(user=user).made_at == first
    assert kinds(user).count(EventKind.TWO_FACTOR_ON) == 1


def test_switching_off_leaves_no_backup_code(alice: Linked) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by=enrolment.BY_PERSON)
    assert backup_codes.left(alice.user) == 0
    assert EventKind.TWO_FACTOR_OFF in kinds(alice.user)


def test_d96_a_reset_ends_in_must_enrol_with_one_code(alice: Linked) -> None:
    before = alice.user.security_epoch
    code = methods.reset(alice.user, by="a test")
    alice.user.refresh_from_db()
    assert alice.user.must_enrol
    assert alice.user.security_epoch > before
    assert not Device.objects.of(alice.user).active().exists()
    assert backup_codes.left(alice.user) == 0
    assert helpdesk_codes.redeem(user=alice.user, code=code, visitor=VISITOR).LINKS_ONLY
    assert EventKind.TWO_FACTOR_RESET in kinds(alice.user)
