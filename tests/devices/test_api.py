"""/device/v1: claims, the device's own record and its push subscription, error by error."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import clock
from accounts.models import EventKind, SecurityEvent, User
from devices import enrolment, keys, p256, protocol
from devices.models import Device, DeviceState, Enrolment, EnrolmentState, PushSubscription
from devices.protocol import b64
from tests.calls import call, offer, refusal, send
from tests.linked import Linked
from tests.pages import browser, two_factor_browser
from tests.people import VISITOR, claim_link, link_device
from tests.software_device import SoftwareDevice

pytestmark = pytest.mark.django_db

LINKS, DEVICE, PUSH = "/device/v1/links", "/device/v1/device", "/device/v1/push"
SUBSCRIPTION: dict[str, Any] = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/x",
    "keys": {"p256dh": b64(p256.public_bytes(p256.generate())), "auth": b64(b"a" * 16)},
}


def pending_device(alice: Linked) -> SoftwareDevice:
    device = SoftwareDevice("Laptop")
    claim_link(alice.user, device)
    return device


# --- POST links ---------------------------------------------------------------------------


def test_a_claim_is_answered_in_a_way_that_the_device_can_check(alice: Linked) -> None:
    made, address = offer(alice.user)
    device = SoftwareDevice("Laptop")
    response = send("POST", LINKS, device.claim_body(address))
    content = response.json()
    assert response.status_code == 201
    assert set(content) == {
        "device", "account", "login", "state", "nonce", "server_key", "sig"
    }  # fmt: skip
    device.accept_claim(content)
    row = Device.objects.get(public_id=content["device"])
    assert (content["account"], content["login"]) == (str(alice.user.pk), "alice@example.org")
    assert content["state"] == row.state == "pending"
    made.refresh_from_db()
    assert made.check_number == device.check_number


def test_d12_the_claiming_browser_is_named_in_our_words(alice: Linked) -> None:
    _, address = offer(alice.user)
    agent = "\x1b[2J<script>alert(1)</script>"
    send("POST", LINKS, SoftwareDevice().claim_body(address), HTTP_USER_AGENT=agent)
    row = Device.objects.get(state=DeviceState.PENDING)
    assert (row.linked_browser, row.linked_address) == ("Unknown browser", "203.0.113.9")


def test_an_unknown_token_is_404_not_found(alice: Linked) -> None:
    address = protocol.link_address(settings.KAUTH_ORIGIN, b"t" * 32, keys.server_id())
    response = send("POST", LINKS, SoftwareDevice().claim_body(address))
    assert refusal(response) == (404, "not_found")


def test_d35_a_second_claim_is_409_already_claimed(alice: Linked) -> None:
    _, address = offer(alice.user)
    assert send("POST", LINKS, SoftwareDevice().claim_body(address)).status_code == 201
    response = send("POST", LINKS, SoftwareDevice().claim_body(address))
    assert refusal(response) == (409, "already_claimed")


def test_d35_an_overdue_claim_is_410_expired(alice: Linked) -> None:
    made, address = offer(alice.user)
    Enrolment.objects.filter(pk=made.pk).update(expires_at=made.created_at)
    response = send("POST", LINKS, SoftwareDevice().claim_body(address))
    assert refusal(response) == (410, "expired")


def test_a_spoiled_signature_is_401_unauthenticated(alice: Linked) -> None:
    _, address = offer(alice.user)
    body = SoftwareDevice().claim_body(address) | {"sig": b64(b"s" * 64)}
    assert refusal(send("POST", LINKS, body)) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "spoiled",
    [
        {"v": 2},
        {"v": "1"},
        {"v": True},
        {"v": 10**400},
        {"token": ""},
        {"token": b64(b"t" * 31)},
        {"token": b64(b"t" * 32) + "="},
        {"key": b64(b"\x04" + b"k" * 64)},
        {"key": b64(b"\x02" + b"k" * 32)},
        {"key": b64(p256.private_to_bytes(p256.generate()))},
        {"key": {"kty": "EC", "crv": "P-256", "x": "", "y": "", "d": b64(b"d" * 32)}},
        {"name": None},
        {"name": 7},
        {"name": "half \ud800"},
        {"platform": []},
        {"nonce": b64(b"n" * 16)},
        {"sig": None},
        {"sig": "no base64!"},
    ],
)
def test_d15_d26_a_member_of_another_form_is_400_bad_request(
    alice: Linked, spoiled: dict[str, Any]
) -> None:
    _, address = offer(alice.user)
    body = SoftwareDevice().claim_body(address) | spoiled
    assert refusal(send("POST", LINKS, body)) == (400, "bad_request")
    assert Device.objects.count() == 1


@pytest.mark.parametrize("member", ["v", "token", "key", "name", "platform", "nonce", "sig"])
def test_a_missing_member_is_400_bad_request(alice: Linked, member: str) -> None:
    _, address = offer(alice.user)
    body = SoftwareDevice().claim_body(address)
    del body[member]
    assert refusal(send("POST", LINKS, body)) == (400, "bad_request")


def test_d22_d25_members_that_are_not_asked_for_are_ignored(alice: Linked) -> None:
    _, address = offer(alice.user)
    extra = {"alg": "none", "state": "active", "account": "x", "here": True, "user": 1}
    response = send("POST", LINKS, SoftwareDevice().claim_body(address) | extra)
    assert response.json()["state"] == "pending"
    assert Device.objects.get(state=DeviceState.PENDING).algorithm == "ES256"


@pytest.mark.parametrize("signature", [b"", b"s" * 63, b"s" * 65, b"\0" * 64, b"\xff" * 64])
def test_d26_a_signature_that_is_none_is_401(alice: Linked, signature: bytes) -> None:
    _, address = offer(alice.user)
    body = SoftwareDevice().claim_body(address) | {"sig": b64(signature)}
    assert refusal(send("POST", LINKS, body)) == (401, "unauthenticated")


def test_d36_the_token_is_in_no_event(alice: Linked) -> None:
    _, address = offer(alice.user)
    body = SoftwareDevice().claim_body(address)
    for _ in range(2):
        send("POST", LINKS, body)
    rows = str(list(SecurityEvent.objects.values()))
    assert body["token"] not in rows
    assert protocol.unb64(body["token"]).hex() not in rows


# --- Offers made on the device itself -----------------------------------------------------


def offer_here(alice: Linked) -> tuple[Client, str, str]:
    """A browser that made an offer here, its token against forgery, and the link."""
    strict = Client(enforce_csrf_checks=True, headers={"host": settings.KAUTH_HOST})
    strict.cookies = two_factor_browser(alice.user).cookies
    strict.get("/app/authorize")
    token = strict.cookies[settings.CSRF_COOKIE_NAME].value
    told = strict.post("/app/authorize", {"csrfmiddlewaretoken": token}).json()
    return strict, told["csrf"], told["link"]


def test_the_browser_that_made_the_offer_here_links_at_once(alice: Linked) -> None:
    strict, token, address = offer_here(alice)
    body = SoftwareDevice("This phone").claim_body(address)
    response = send("POST", LINKS, body, visitor=strict, HTTP_X_CSRFTOKEN=token)
    assert (response.status_code, response.json()["state"]) == (201, "active")
    assert Device.objects.active().count() == 2


@pytest.mark.parametrize("token", ["", "x" * 32])
def test_d101_a_claim_here_needs_the_token_against_forgery(alice: Linked, token: str) -> None:
    strict, _, address = offer_here(alice)
    body = SoftwareDevice().claim_body(address)
    response = send("POST", LINKS, body, visitor=strict, HTTP_X_CSRFTOKEN=token)
    assert refusal(response) == (401, "unauthenticated")


def test_d101_a_claim_here_from_a_foreign_page_is_refused(alice: Linked) -> None:
    strict, token, address = offer_here(alice)
    body = SoftwareDevice().claim_body(address)
    headers = {"HTTP_X_CSRFTOKEN": token, "HTTP_ORIGIN": "https://evil.example"}
    assert refusal(send("POST", LINKS, body, visitor=strict, **headers))[0] == 401


def test_an_offer_made_here_is_refused_from_elsewhere_and_stays_open(
    alice: Linked, bob: Linked
) -> None:
    strict, token, address = offer_here(alice)
    others = [browser(), two_factor_browser(bob.user), two_factor_browser(alice.user)]
    for other in others:
        response = send("POST", LINKS, SoftwareDevice().claim_body(address), visitor=other)
        assert refusal(response) == (401, "unauthenticated")
    body = SoftwareDevice().claim_body(address)
    assert send("POST", LINKS, body, visitor=strict, HTTP_X_CSRFTOKEN=token).status_code == 201


def test_an_offer_made_here_dies_with_its_session(alice: Linked) -> None:
    strict, token, address = offer_here(alice)
    User.objects.update(security_epoch=9)
    body = SoftwareDevice().claim_body(address)
    response = send("POST", LINKS, body, visitor=strict, HTTP_X_CSRFTOKEN=token)
    assert refusal(response) == (401, "unauthenticated")


def test_a_sixth_device_here_is_410_and_leaves_none_behind(alice: Linked) -> None:
    strict, token, address = offer_here(alice)
    for number in range(settings.KAUTH_DEVICES_PER_ACCOUNT - 1):
        link_device(alice.user, f"Phone {number}")
    body = SoftwareDevice().claim_body(address)
    response = send("POST", LINKS, body, visitor=strict, HTTP_X_CSRFTOKEN=token)
    assert refusal(response) == (410, "expired")
    assert not Device.objects.filter(state=DeviceState.PENDING).exists()


def test_a_computers_offer_is_pending_even_in_its_own_browser(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    page = visitor.post("/2fa/add/kauth/", {"action": "next"})
    body = SoftwareDevice().claim_body(page.context["link"])
    assert send("POST", LINKS, body, visitor=visitor).json()["state"] == "pending"


# --- device -------------------------------------------------------------------------------


def test_a_device_asks_for_itself(alice: Linked) -> None:
    assert call(alice.phone, "GET", DEVICE).json() == {
        "device": alice.phone.device,
        "account": str(alice.user.pk),
        "login": "alice@example.org",
        "name": "Pixel 8",
        "state": "active",
        "push": False,
    }


def test_d39_to_ask_for_itself_is_all_that_a_pending_device_may_do(alice: Linked) -> None:
    device = pending_device(alice)
    assert call(device, "GET", DEVICE).json()["state"] == "pending"
    refused = [
        call(device, "PATCH", DEVICE, {"name": "Mine"}),
        call(device, "DELETE", DEVICE),
        call(device, "PUT", PUSH, SUBSCRIPTION),
        call(device, "DELETE", PUSH),
        call(device, "GET", "/device/v1/requests"),
        call(device, "POST", "/device/v1/seen", {"challenge": b64(b"c" * 32)}),
        call(device, "POST", "/device/v1/provision"),
        call(device, "POST", "/device/v1/provisioned"),
    ]
    assert [refusal(response) for response in refused] == [(401, "unauthenticated")] * 8


def test_d39_with_the_offers_time_a_pending_device_is_out_at_once(alice: Linked) -> None:
    """Nobody has marked it: the expiry run may be late."""
    device = pending_device(alice)
    offers = Enrolment.objects.filter(state=EnrolmentState.CLAIMED)
    assert offers.update(expires_at=clock.now()) == 1
    assert refusal(call(device, "GET", DEVICE)) == (403, "revoked")
    assert refusal(call(device, "GET", "/device/v1/requests")) == (403, "revoked")
    assert offers.exists()


def test_d39_a_linked_device_outlives_its_offer(alice: Linked) -> None:
    Enrolment.objects.update(expires_at=clock.now())
    assert call(alice.phone, "GET", DEVICE).json()["state"] == "active"


def test_d39_a_removed_device_is_403_revoked_at_every_call(alice: Linked) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by="a test")
    for method, path in (("GET", DEVICE), ("PUT", PUSH), ("GET", "/device/v1/requests")):
        assert refusal(call(alice.phone, method, path)) == (403, "revoked")


def test_a_device_renames_itself(alice: Linked) -> None:
    response = call(alice.phone, "PATCH", DEVICE, {"name": "\u202eKitchen\x00"})
    assert response.json()["name"] == "Kitchen"
    assert Device.objects.get().name == "Kitchen"


def test_the_last_device_leaves_with_409_last_factor(alice: Linked) -> None:
    assert refusal(call(alice.phone, "DELETE", DEVICE)) == (409, "last_factor")
    link_device(alice.user, "Laptop")
    assert call(alice.phone, "DELETE", DEVICE).status_code == 204
    assert refusal(call(alice.phone, "GET", DEVICE)) == (403, "revoked")
    assert SecurityEvent.objects.get(kind=EventKind.DEVICE_REMOVED).detail == "the device itself"


# --- push ---------------------------------------------------------------------------------


def test_d86_a_device_gives_and_takes_back_its_push_subscription(alice: Linked) -> None:
    assert call(alice.phone, "PUT", PUSH, SUBSCRIPTION).status_code == 204
    assert PushSubscription.objects.get().device == alice.row
    assert call(alice.phone, "DELETE", PUSH).status_code == 204
    assert not PushSubscription.objects.exists()


def test_d86_no_browser_session_can_set_it(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    response = send("PUT", PUSH, SUBSCRIPTION, visitor=visitor)
    assert refusal(response) == (401, "unauthenticated")


@pytest.mark.parametrize("content", [{}, [], {"endpoint": "http://push.example.org"}, b"\0"])
def test_another_subscription_is_400_bad_request(alice: Linked, content: Any) -> None:
    assert refusal(call(alice.phone, "PUT", PUSH, content)) == (400, "bad_request")


def test_every_answer_is_private(alice: Linked) -> None:
    for response in (call(alice.phone, "GET", DEVICE), send("GET", DEVICE)):
        assert response["Cache-Control"] == "no-store"
        assert json.loads(response.content)
