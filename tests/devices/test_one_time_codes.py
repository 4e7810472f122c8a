"""The code on a phone without network: one step, one use, six digits (D-44 to D-50)."""

import base64
import time
from collections.abc import Callable

import pytest
from django.core import mail
from django_otp.oath import TOTP

from accounts import throttling
from accounts.models import EventKind, SecurityEvent, Throttle
from accounts.throttling import Throttled
from devices import enrolment, one_time_codes
from devices.models import Device
from devices.one_time_codes import WrongCode
from tests.linked import Linked
from tests.people import VISITOR, link_device

pytestmark = pytest.mark.django_db

STEP = 60_000_000  # the code of this step begins at T
T = STEP * one_time_codes.PERIOD
At = Callable[[float], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Sets the server's clock, in seconds after T."""
    return lambda seconds: monkeypatch.setattr(time, "time", lambda: T + seconds)


def code(device: Device, step: int = STEP) -> str:
    return one_time_codes.at(one_time_codes.secret_of(device), step)


def works(alice: Linked, typed: str) -> bool:
    try:
        one_time_codes.redeem(user=alice.user, code=typed, visitor=VISITOR)
    except WrongCode:
        return False
    return True


def events(kind: EventKind) -> int:
    return SecurityEvent.objects.filter(kind=kind).count()


def test_the_code_is_the_one_of_rfc_6238() -> None:
    secret = b"12345678901234567890"  # appendix B, SHA-1, last six of eight digits
    times = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    for moment, shown in times.items():
        assert one_time_codes.at(secret, moment // 30) == shown


def test_the_device_is_given_what_any_otp_app_understands(alice: Linked, at: At) -> None:
    given = one_time_codes.for_provisioning(alice.row)
    assert {k: given[k] for k in ("algorithm", "digits", "period")} == {
        "algorithm": "SHA1",
        "digits": 6,
        "period": 30,
    }
    app = TOTP(base64.b32decode(str(given["secret"])))
    app.time = T
    assert f"{app.token():06d}" == code(alice.row)


def test_d44_each_device_has_160_random_bits_of_its_own(alice: Linked) -> None:
    _, laptop = link_device(alice.user, "Laptop")
    secrets = {one_time_codes.secret_of(device) for device in (alice.row, laptop)}
    assert len(secrets) == 2
    assert {len(secret) for secret in secrets} == {20}


def test_d44_a_code_of_any_linked_device_works_and_names_it(alice: Linked, at: At) -> None:
    at(0)
    _, laptop = link_device(alice.user, "Laptop")
    device = one_time_codes.redeem(user=alice.user, code=code(laptop), visitor=VISITOR)
    assert device == laptop
    event = SecurityEvent.objects.get(kind=EventKind.CODE_ACCEPTED)
    assert event.device_name == "Laptop"


def test_d44_a_removed_devices_codes_fail(alice: Linked, at: At) -> None:
    at(0)
    _, laptop = link_device(alice.user, "Laptop")
    enrolment.revoke(laptop, visitor=VISITOR, by="a test")
    assert not works(alice, code(laptop))


def test_a_code_of_another_account_fails(alice: Linked, bob: Linked, at: At) -> None:
    at(0)
    assert not works(alice, code(bob.row))


@pytest.mark.parametrize("seconds", [0, 1, 29, 29.9, 30, 35, 39.9])
def test_d45_a_code_works_in_its_step_and_ten_seconds_on(
    alice: Linked, at: At, seconds: float
) -> None:
    at(seconds)
    assert works(alice, code(alice.row))


@pytest.mark.parametrize("seconds", [-0.1, -1, -30, 40, 41, 60, 90])
def test_d45_and_neither_before_nor_after(alice: Linked, at: At, seconds: float) -> None:
    at(seconds)
    assert not works(alice, code(alice.row))


def test_d46_a_code_works_once(alice: Linked, at: At) -> None:
    at(0)
    assert works(alice, code(alice.row))
    assert not works(alice, code(alice.row))
    at(35)
    assert not works(alice, code(alice.row))
    assert works(alice, code(alice.row, STEP + 1))


def test_d46_no_step_before_an_accepted_one_works(alice: Linked, at: At) -> None:
    at(31)
    assert works(alice, code(alice.row, STEP + 1))
    assert not works(alice, code(alice.row))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: "",
        lambda c: c[:5],
        lambda c: c + "0",
        lambda c: f" {c}",
        lambda c: f"+{c[1:]}",
        lambda c: f"{c[:3]}_{c[3:]}",
        lambda c: f"{c}\n",
        lambda c: "".join(chr(ord(digit) + 0xFF10 - 0x30) for digit in c),  # full width
        lambda c: "".join(chr(ord(digit) + 0x0966 - 0x30) for digit in c),  # Devanagari
        lambda c: c[:5] + "²",
        lambda c: c[:5] + "\x00",
        lambda c: hex(int(c)),
    ],
)
def test_d48_only_six_ascii_digits_are_a_code(
    alice: Linked, at: At, spoil: Callable[[str], str]
) -> None:
    at(0)
    assert not works(alice, spoil(code(alice.row)))
    assert works(alice, code(alice.row))


def test_d49_no_secret_stands_in_the_table(alice: Linked) -> None:
    secret = one_time_codes.secret_of(alice.row)
    stored = bytes(Device.objects.get().otp_secret)
    readable = (secret, base64.b32encode(secret), secret.hex().encode())
    assert not any(form in stored for form in readable)


def test_d49_swapped_secrets_open_nothing_and_are_noticed(alice: Linked, at: At) -> None:
    at(0)
    _, laptop = link_device(alice.user, "Laptop")
    right = code(alice.row)
    swapped = Device.objects.filter(pk=alice.row.pk)
    swapped.update(otp_secret=bytes(laptop.otp_secret))
    assert not works(alice, code(laptop, STEP - 9))
    assert not works(alice, right)
    event = SecurityEvent.objects.filter(kind=EventKind.TAMPERED).first()
    assert event is not None
    assert (event.user_id, event.device_name) == (alice.user.pk, "Pixel 8")


def test_d50_the_sixth_wrong_code_is_not_judged_and_the_right_one_neither(
    alice: Linked, at: At
) -> None:
    at(0)
    for _ in range(throttling.CODE.free):
        assert not works(alice, "000000" if code(alice.row) != "000000" else "111111")
    with pytest.raises(Throttled) as refusal:
        works(alice, code(alice.row))
    assert 1 <= refusal.value.retry_after <= 31
    assert events(EventKind.CODE_WRONG) == throttling.CODE.free
    assert Device.objects.get().otp_last_step == 0


def test_d50_a_right_code_starts_the_count_anew(alice: Linked, at: At) -> None:
    at(0)
    assert not works(alice, "x")
    assert works(alice, code(alice.row))
    assert Throttle.objects.get(pk=one_time_codes.counter_of(alice.user)).failures == 0


def test_d50_every_attempt_is_written_down(alice: Linked, at: At) -> None:
    at(0)
    assert not works(alice, "x")
    assert works(alice, code(alice.row))
    assert (events(EventKind.CODE_WRONG), events(EventKind.CODE_ACCEPTED)) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_after_fifty_wrong_codes_the_route_is_off_and_the_person_is_told(
    alice: Linked, at: At
) -> None:
    at(0)
    key = one_time_codes.counter_of(alice.user)
    Throttle.objects.create(key=key, failures=49, updated_at=alice.row.created_at)
    assert not works(alice, "x")
    assert throttling.is_off(key, throttling.CODE)
    assert [message.subject for message in mail.outbox] == [
        "A method was switched off at localhost:8000"
    ]
    with pytest.raises(Throttled):
        works(alice, code(alice.row))
