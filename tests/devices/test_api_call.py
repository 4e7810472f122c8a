"""What holds for every call to /device/v1: its proof, its size, its limits, its refusals."""

import time
from typing import Any

import pytest

from accounts import throttling
from accounts.models import EventKind, SecurityEvent
from devices.models import Device
from tests.calls import call, refusal, send
from tests.linked import Linked
from tests.pages import two_factor_browser
from tests.software_device import SoftwareDevice

pytestmark = pytest.mark.django_db

DEVICE = "/device/v1/device"
# Every call of docs/protocol.md, section 6, and those of section 3.
CALLS = [
    ("POST", "/device/v1/links"),
    ("POST", "/device/v1/provision"),
    ("POST", "/device/v1/provisioned"),
    ("GET", "/device/v1/device"),
    ("PATCH", "/device/v1/device"),
    ("DELETE", "/device/v1/device"),
    ("GET", "/device/v1/requests"),
    ("POST", "/device/v1/answers"),
    ("POST", "/device/v1/seen"),
    ("POST", "/device/v1/veto"),
    ("PUT", "/device/v1/push"),
    ("DELETE", "/device/v1/push"),
]
PATHS = sorted({path for _, path in CALLS})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SIGNED = [one for one in CALLS if one[1] not in ("/device/v1/links", "/device/v1/answers")]


def name_of(alice: Linked) -> str:
    alice.row.refresh_from_db()
    return str(alice.row.name)


@pytest.mark.parametrize(("method", "path"), SIGNED)
def test_d14_a_signed_call_without_proof_is_401_whatever_cookies_it_has(
    alice: Linked, method: str, path: str
) -> None:
    visitor = two_factor_browser(alice.user) if method == "GET" else None
    assert refusal(send(method, path, {}, visitor=visitor)) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path"), SIGNED)
def test_a_proof_of_another_form_is_400(alice: Linked, method: str, path: str) -> None:
    for proof in ("Bearer token", "KAuth", "KAuth device=,time=1,nonce=,sig=!"):
        assert refusal(send(method, path, proof=proof)) == (400, "bad_request")


@pytest.mark.parametrize(("method", "path"), SIGNED)
def test_a_wrong_clock_is_401_clock_with_the_servers_time(
    alice: Linked, method: str, path: str
) -> None:
    now = int(time.time())
    response = call(alice.phone, method, path, time=now - 120)
    assert refusal(response) == (401, "clock")
    assert abs(response.json()["time"] - now) <= 5
    corrected = call(alice.phone, "GET", DEVICE, time=response.json()["time"])
    assert corrected.status_code == 200


def test_d29_a_recorded_call_is_worth_nothing(alice: Linked) -> None:
    proof = alice.phone.authorization("PATCH", DEVICE, b'{"name":"Mine"}')
    assert send("PATCH", DEVICE, b'{"name":"Mine"}', proof=proof).status_code == 200
    call(alice.phone, "PATCH", DEVICE, {"name": "Changed since"})
    response = send("PATCH", DEVICE, b'{"name":"Mine"}', proof=proof)
    assert refusal(response) == (401, "unauthenticated")
    assert name_of(alice) == "Changed since"


@pytest.mark.parametrize("spoiled", [{"method": "GET"}, {"path": "/device/v1/push"}, {"body": b""}])
def test_d24_a_proof_is_for_this_method_path_and_body(
    alice: Linked, spoiled: dict[str, Any]
) -> None:
    response = call(alice.phone, "PATCH", DEVICE, {"name": "Mine"}, **spoiled)
    assert refusal(response) == (401, "unauthenticated")
    assert name_of(alice) == "Pixel 8"


def test_a_query_is_not_signed_and_not_read(alice: Linked) -> None:
    proof = alice.phone.authorization("GET", DEVICE)
    plain = send("GET", DEVICE, proof=proof).json()
    asked = send("GET", f"{DEVICE}?device=other&state=x", proof=proof).json()
    assert asked == plain
    signed_too = call(alice.phone, "GET", f"{DEVICE}?a=b")
    assert refusal(signed_too) == (401, "unauthenticated")


def test_a_path_is_signed_as_it_is_routed(alice: Linked) -> None:
    proof = alice.phone.authorization("GET", DEVICE)
    assert send("GET", "/device/v1/%64evice", proof=proof).status_code == 200
    other = alice.phone.authorization("GET", "/device/v1/%64evice")
    assert refusal(send("GET", "/device/v1/%64evice", proof=other))[0] == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", DEVICE),
        ("HEAD", "/device/v1/requests"),
        ("OPTIONS", DEVICE),
        ("POST", DEVICE),
        ("GET", "/device/v1/links"),
        ("GET", "/device/v1/answers"),
        ("GET", "/device/v1/provision"),
        ("PATCH", "/device/v1/push"),
    ],
)
def test_a_method_that_a_call_does_not_have_is_405(alice: Linked, method: str, path: str) -> None:
    response = call(alice.phone, method, path)
    assert response.status_code == 405
    assert response["Allow"]


def test_a_method_cannot_be_overridden(alice: Linked) -> None:
    proof = alice.phone.authorization("DELETE", DEVICE)
    response = send("GET", DEVICE, proof=proof, HTTP_X_HTTP_METHOD_OVERRIDE="DELETE")
    assert refusal(response) == (401, "unauthenticated")
    assert Device.objects.get().is_active


# --- Size and rate ------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("size", [8193, 300 * 1024])
def test_d78_a_body_over_8_kib_is_413_too_big(
    alice: Linked, method: str, path: str, size: int
) -> None:
    assert refusal(call(alice.phone, method, path, b" " * size)) == (413, "too_big")


def test_a_body_of_8_kib_is_read(alice: Linked) -> None:
    body = b'{"name":"Mine"}'.ljust(8192)
    assert call(alice.phone, "PATCH", DEVICE, body).status_code == 200


def test_who_keeps_failing_is_429_slow_down_and_who_fits_is_not(alice: Linked) -> None:
    stranger = SoftwareDevice()
    stranger.device = alice.phone.device
    for _ in range(throttling.DEVICE_CALLS.free):
        assert refusal(call(stranger, "GET", DEVICE)) == (401, "unauthenticated")
    response = call(stranger, "GET", DEVICE)
    assert refusal(response) == (429, "slow_down")
    assert 1 <= int(response["Retry-After"]) <= 6
    assert call(alice.phone, "GET", DEVICE).status_code == 200


def test_a_removed_device_that_keeps_asking_is_still_told_so(alice: Linked) -> None:
    Device.objects.update(state="revoked", confirmed=False)
    for _ in range(throttling.DEVICE_CALLS.free + 1):
        assert refusal(call(alice.phone, "GET", DEVICE)) == (403, "revoked")


def test_d100_a_refused_call_is_written_down_without_the_callers_words(alice: Linked) -> None:
    send("GET", DEVICE, HTTP_USER_AGENT="<script>")
    event = SecurityEvent.objects.get(kind=EventKind.DEVICE_CALL_REFUSED)
    assert (event.detail, event.address) == ("unauthenticated", "203.0.113.9")
    assert event.browser == "Unknown browser"


def test_d61_unknown_device_and_wrong_key_are_refused_in_the_same_words(alice: Linked) -> None:
    unknown, wrong = SoftwareDevice(), SoftwareDevice()
    unknown.device, wrong.device = "00000000-0000-4000-8000-000000000000", alice.phone.device
    answers = [call(device, "GET", DEVICE) for device in (unknown, wrong)]
    answers.append(send("GET", DEVICE))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (401, answers[0].content)
    }


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for path in PATHS for method in METHODS]
)
def test_another_method_is_405_in_the_form_of_a_refusal(method: str, path: str) -> None:
    takes = {one for one, address in CALLS if address == path}
    response = send(method, path)
    if method in takes:
        assert response.status_code != 405
    else:
        assert refusal(response) == (405, "bad_request")
        assert set(response["Allow"].split(", ")) == takes


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["", "/", "/nothing", "/device/", "/push/more", "/links/../push"])
def test_another_address_is_404_in_the_form_of_a_refusal(method: str, path: str) -> None:
    response = send(method, f"/device/v1{path}", {"any": "thing"})
    assert refusal(response) == (404, "not_found")
    assert not SecurityEvent.objects.exists()
