"""/device/v1: requests, answers, seen and provisioning, by HTTP alone."""

import base64
import json
from typing import Any

import pytest

from devices import keys, one_time_codes
from devices.models import Device
from devices.protocol import b64
from tests.calls import call, refusal, send
from tests.linked import Linked
from tests.people import claim_link, link_device
from tests.software_device import SoftwareDevice
from tests.twofactor.asking import ask
from twofactor import backup_codes
from twofactor.models import Challenge, State

pytestmark = pytest.mark.django_db

REQUESTS, ANSWERS = "/device/v1/requests", "/device/v1/answers"
SEEN, PROVISION = "/device/v1/seen", "/device/v1/provision"


def questions(device: SoftwareDevice) -> Any:
    return call(device, "GET", REQUESTS).json()["requests"]


# --- Requests -----------------------------------------------------------------------------


def test_a_device_asks_for_what_waits(alice: Linked) -> None:
    challenge = ask(alice)
    (request,) = questions(alice.phone)
    assert request["challenge"] == challenge.pk
    assert alice.phone.accepts_request(b64(keys.public()), request)


def test_the_server_tells_its_time(alice: Linked) -> None:
    assert isinstance(call(alice.phone, "GET", REQUESTS).json()["time"], int)


def test_nothing_waits_after_the_answer(alice: Linked) -> None:
    ask(alice)
    (request,) = questions(alice.phone)
    send("POST", ANSWERS, alice.phone.answer_body(request, "deny"))
    assert questions(alice.phone) == []


def test_nothing_waits_for_another_account(alice: Linked, bob: Linked) -> None:
    ask(alice)
    assert questions(bob.phone) == []


# --- Answers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "state"), [("approve", "approved"), ("deny", "denied"), ("report", "reported")]
)
def test_an_answer_proves_itself(alice: Linked, decision: str, state: str) -> None:
    challenge = ask(alice)
    (request,) = questions(alice.phone)
    response = send("POST", ANSWERS, alice.phone.answer_body(request, decision))
    assert response.json() == {"challenge": challenge.pk, "ok": True, "state": state}


def test_a_second_answer_is_409_not_pending(alice: Linked) -> None:
    ask(alice)
    (request,) = questions(alice.phone)
    body = alice.phone.answer_body(request, "approve")
    send("POST", ANSWERS, body)
    assert refusal(send("POST", ANSWERS, body)) == (409, "not_pending")


def test_d61_an_answer_of_an_unknown_device_is_401_like_a_wrong_signature(alice: Linked) -> None:
    ask(alice)
    (request,) = questions(alice.phone)
    body = alice.phone.answer_body(request, "approve")
    unknown = send("POST", ANSWERS, {**body, "device": "00000000-0000-4000-8000-000000000000"})
    wrong = send("POST", ANSWERS, {**body, "sig": "A" * 86})
    assert refusal(unknown) == refusal(wrong) == (401, "unauthenticated")
    assert unknown.content == wrong.content


@pytest.mark.parametrize("missing", ["device", "challenge", "decision", "number", "sig"])
def test_an_answer_without_a_member_is_400_bad_request(alice: Linked, missing: str) -> None:
    ask(alice)
    (request,) = questions(alice.phone)
    body = alice.phone.answer_body(request, "approve")
    del body[missing]
    assert refusal(send("POST", ANSWERS, body)) == (400, "bad_request")


def test_d22_of_an_answer_its_decision_and_number_count_and_nothing_else(alice: Linked) -> None:
    ask(alice)
    (request,) = questions(alice.phone)
    lies = {"expires": 1, "account": "x", "purpose": "link", "match": "number", "state": "denied"}
    body = {**lies, **alice.phone.answer_body(request, "approve")}
    assert send("POST", ANSWERS, body).json()["state"] == "approved"


def test_d39_a_device_that_waits_for_its_yes_answers_nothing(alice: Linked) -> None:
    waiting = SoftwareDevice()
    claim_link(alice.user, waiting)
    waiting.origin, waiting.server_id = alice.phone.origin, alice.phone.server_id
    challenge = ask(alice)
    (request,) = questions(alice.phone)
    answered = send("POST", ANSWERS, waiting.answer_body(request, "approve"))
    assert refusal(answered) == (401, "unauthenticated")
    assert Challenge.objects.get(pk=challenge.pk).state == State.PENDING


# --- Seen ---------------------------------------------------------------------------------


def test_the_first_device_that_shows_it_is_named(alice: Linked) -> None:
    laptop, _ = link_device(alice.user, "Laptop")
    challenge = ask(alice)
    for device in (alice.phone, laptop):
        assert call(device, "POST", SEEN, {"challenge": challenge.pk}).status_code == 204
    assert Challenge.objects.get(pk=challenge.pk).seen_by == alice.row


def test_somebody_elses_question_cannot_be_seen(alice: Linked, bob: Linked) -> None:
    challenge = ask(alice)
    call(bob.phone, "POST", SEEN, {"challenge": challenge.pk})
    assert Challenge.objects.get(pk=challenge.pk).seen_by is None


@pytest.mark.parametrize("challenge", ["", "short", "a" * 44, 7, None])
def test_what_names_no_question_is_400_bad_request(alice: Linked, challenge: object) -> None:
    response = call(alice.phone, "POST", SEEN, {"challenge": challenge})
    assert refusal(response) == (400, "bad_request")


# --- Provisioning -------------------------------------------------------------------------


def test_a_new_device_fetches_what_it_needs_without_network(alice: Linked) -> None:
    given = call(alice.phone, "POST", PROVISION).json()
    assert base64.b32decode(given["totp"]["secret"]) == one_time_codes.secret_of(alice.row)
    assert {**given["totp"], "secret": ""} == {
        "secret": "", "algorithm": "SHA1", "digits": 6, "period": 30
    }  # fmt: skip
    assert given["login"] == "alice@example.org"
    assert given["backup_codes"] == backup_codes.readable(alice.user)


def test_until_it_has_it_all_it_may_ask_again(alice: Linked) -> None:
    first, second = (call(alice.phone, "POST", PROVISION).json() for _ in range(2))
    assert first == second


def test_d44_after_that_nobody_gets_the_secret_again(alice: Linked) -> None:
    for _ in range(2):
        assert call(alice.phone, "POST", "/device/v1/provisioned").status_code == 204
    assert refusal(call(alice.phone, "POST", PROVISION)) == (409, "already_provisioned")


def test_d54_a_second_device_gets_no_backup_codes(alice: Linked) -> None:
    laptop, _ = link_device(alice.user, "Laptop")
    assert call(laptop, "POST", PROVISION).json()["backup_codes"] is None


def test_d54_codes_that_were_put_away_are_given_to_nobody(alice: Linked) -> None:
    backup_codes.put_away(alice.user)
    assert call(alice.phone, "POST", PROVISION).json()["backup_codes"] is None


def test_d44_each_device_is_given_a_secret_of_its_own(alice: Linked) -> None:
    laptop, _ = link_device(alice.user, "Laptop")
    secrets = {
        json.dumps(call(device, "POST", PROVISION).json()["totp"])
        for device in (alice.phone, laptop)
    }
    assert len(secrets) == 2
    assert Device.objects.count() == 2
