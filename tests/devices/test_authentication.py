"""A signed call is believed once, from the device that signed it, by a right clock (D-14, D-39)."""

import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from devices import authentication, enrolment, p256
from devices.exceptions import BadRequest, Refusal, Revoked, Unauthenticated, WrongClock
from devices.models import Device, SeenNonce
from tests.linked import Linked, examples_share_rows
from tests.people import VISITOR, claim_link, link_device
from tests.software_device import SoftwareDevice

pytestmark = pytest.mark.django_db

PATH = "/device/v1/device"
T = 1_790_000_000


def caller(header: str, **spoiled: Any) -> Device:
    truth = {"method": "PATCH", "path": PATH, "body": b"{}"}
    return authentication.caller(header=header, **truth | spoiled)


def proof(device: SoftwareDevice, **spoiled: Any) -> str:
    return device.authorization(**{"method": "PATCH", "path": PATH, "body": b"{}"} | spoiled)


@contextmanager
def verifications() -> Iterator[Callable[[], int]]:
    """How often a signature was verified meanwhile."""
    calls = []

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is p256.verify.__code__:
            calls.append(frame)

    sys.setprofile(watch)
    try:
        yield lambda: len(calls)
    finally:
        sys.setprofile(None)


def test_d14_a_device_proves_itself_by_its_key(alice: Linked) -> None:
    assert caller(proof(alice.phone)) == alice.row


@pytest.mark.parametrize(
    "spoiled",
    [
        {"method": "GET"},
        {"method": "patch"},
        {"path": "/device/v1/push"},
        {"path": f"{PATH}/"},
        {"path": f"{PATH}?a=b"},
        {"path": f"https://localhost:8000{PATH}"},
        {"body": b"{} "},
        {"body": b""},
    ],
)
def test_d24_a_proof_is_for_one_call_only(alice: Linked, spoiled: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        caller(proof(alice.phone, **spoiled))


@pytest.mark.parametrize("place", ["origin", "server_id", "device"])
def test_d24_a_proof_is_for_one_server_and_one_device(
    alice: Linked, bob: Linked, place: str
) -> None:
    strange = {"origin": "https://evil.example", "server_id": b"s" * 32, "device": bob.phone.device}
    setattr(alice.phone, place, strange[place])
    with pytest.raises(Unauthenticated):
        caller(proof(alice.phone))


def test_another_device_of_the_same_account_cannot_sign_for_it(alice: Linked) -> None:
    laptop, _ = link_device(alice.user, "Laptop")
    laptop.device = alice.phone.device
    with pytest.raises(Unauthenticated):
        caller(proof(laptop))


@examples_share_rows
@given(place=st.integers(0, 85), other=st.sampled_from("AZaz09-_"))
def test_d24_no_character_of_the_signature_can_be_changed(
    alice: Linked, place: int, other: str
) -> None:
    header = proof(alice.phone)
    at = header.index("sig=") + 4 + place
    if header[at] == other:
        return
    with pytest.raises((Unauthenticated, BadRequest)):
        caller(header[:at] + other + header[at + 1 :])


@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=200))
def test_no_header_breaks_the_reader(header: str) -> None:
    with pytest.raises((Unauthenticated, BadRequest)):
        caller(header)


# --- The clock ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "believed"),
    [(0, True), (60, True), (-60, True), (61, False), (-61, False), (10**14, False)],
)
def test_the_clocks_may_differ_by_a_minute(
    alice: Linked, monkeypatch: pytest.MonkeyPatch, ahead: int, believed: bool
) -> None:
    monkeypatch.setattr(time, "time", lambda: T + 0.9)
    header = proof(alice.phone, time=T + ahead if ahead < 10**14 else ahead)
    if believed:
        assert caller(header) == alice.row
    else:
        with pytest.raises(WrongClock):
            caller(header)


def test_a_stranger_learns_nothing_from_a_wrong_clock(alice: Linked) -> None:
    header = proof(SoftwareDevice(), time=1).replace("device=", f"device={alice.phone.device}")
    with pytest.raises(Unauthenticated):
        caller(header)


# --- Replay -------------------------------------------------------------------------------


def test_d77_a_call_that_changes_anything_is_good_once(alice: Linked) -> None:
    header = proof(alice.phone)
    caller(header)
    with pytest.raises(Unauthenticated):
        caller(header)


def test_a_nonce_is_used_up_whatever_it_was_used_for(alice: Linked) -> None:
    caller(proof(alice.phone, nonce=b"n" * 16))
    with pytest.raises(Unauthenticated):
        caller(proof(alice.phone, nonce=b"n" * 16, body=b"[]"), body=b"[]")


def test_two_devices_may_take_the_same_nonce(alice: Linked, bob: Linked) -> None:
    for somebody in (alice, bob):
        assert caller(proof(somebody.phone, nonce=b"n" * 16)) == somebody.row


def test_a_get_changes_nothing_and_may_be_repeated(alice: Linked) -> None:
    header = proof(alice.phone, method="GET", body=b"")
    for _ in range(2):
        assert caller(header, method="GET", body=b"") == alice.row
    assert not SeenNonce.objects.exists()


def test_a_refused_call_uses_no_nonce(alice: Linked) -> None:
    with pytest.raises(Unauthenticated):
        caller(proof(alice.phone), path="/device/v1/push")
    assert not SeenNonce.objects.exists()


@pytest.mark.parametrize("size", [1, 15, 17, 32])
def test_a_nonce_has_sixteen_bytes(alice: Linked, size: int) -> None:
    with pytest.raises(BadRequest):
        caller(proof(alice.phone, nonce=b"n" * size))


@pytest.mark.parametrize(("age", "kept"), [(121, True), (179, True), (181, False)])
def test_nonces_are_kept_longer_than_their_calls_could_pass(
    alice: Linked, age: int, kept: bool
) -> None:
    caller(proof(alice.phone))
    SeenNonce.objects.update(seen_at=timezone.now() - timedelta(seconds=age))
    assert authentication.forget_nonces() == (not kept)
    assert SeenNonce.objects.exists() == kept


# --- Who is refused -----------------------------------------------------------------------


def test_d39_a_removed_device_is_told_so_and_nothing_else(alice: Linked) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by="a test")
    with pytest.raises(Revoked):
        caller(proof(alice.phone))


def test_only_the_removed_device_itself_is_told(alice: Linked) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by="a test")
    stranger = SoftwareDevice()
    stranger.device = alice.phone.device
    with pytest.raises(Unauthenticated):
        caller(proof(stranger))


def test_d23_a_locked_accounts_device_is_unknown(alice: Linked) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(Unauthenticated):
        caller(proof(alice.phone))


def test_a_device_that_waits_for_yes_may_prove_itself(alice: Linked) -> None:
    device = SoftwareDevice()
    _, row = claim_link(alice.user, device)
    assert caller(proof(device)) == row


@pytest.mark.parametrize(
    "spelling",
    [
        str.upper,
        lambda name: name.replace("-", ""),
        lambda name: f"{{{name}}}",
        lambda name: f"urn:uuid:{name}",
        lambda name: f" {name}",
        lambda name: str(uuid.uuid4()),
        lambda _: "",
        lambda _: "x" * 4000,
        lambda _: "\x00",
        lambda _: "١" * 32,
    ],
)
def test_a_device_has_one_spelling(alice: Linked, spelling: Callable[[str], str]) -> None:
    alice.phone.device = spelling(alice.phone.device)
    with pytest.raises(Unauthenticated):
        authentication.find(alice.phone.device)
    with pytest.raises((Unauthenticated, BadRequest)):
        caller(proof(alice.phone))


def test_no_header_is_no_proof() -> None:
    with pytest.raises(Unauthenticated):
        caller("")


def test_d61_an_unknown_device_costs_a_verification_like_a_wrong_signature(alice: Linked) -> None:
    unknown, wrong = SoftwareDevice(), SoftwareDevice()
    unknown.device, wrong.device = str(uuid.uuid4()), alice.phone.device
    words = set()
    for device in (unknown, wrong):
        with verifications() as count, pytest.raises(Refusal) as refusal:
            caller(proof(device))
        assert count() == 1
        words.add((refusal.value.code, str(refusal.value)))
    assert len(words) == 1


def test_when_and_from_where_a_device_was_used_is_remembered(alice: Linked) -> None:
    authentication.touch(alice.row, VISITOR)
    alice.row.refresh_from_db()
    assert alice.row.last_address == VISITOR.address
    assert alice.row.last_used_at is not None
    assert timezone.now() - alice.row.last_used_at < timedelta(minutes=1)
