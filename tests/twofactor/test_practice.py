"""The practice request: it rings like a real one, and opens nothing whatever is answered."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from accounts import throttling
from accounts.models import SecurityEvent, User
from devices import keys, push_subscriptions
from devices.protocol import b64
from tests.calls import call, refusal, send
from tests.linked import Linked
from tests.people import link_device
from tests.services.push_service import PushService
from tests.twofactor.asking import ask
from twofactor import requests
from twofactor.models import Challenge, Practice, State

pytestmark = pytest.mark.django_db

TEST = "/device/v1/test"
REQUESTS = "/device/v1/requests"
ANSWERS = "/device/v1/answers"


@pytest.fixture
def request_(alice: Linked) -> dict[str, Any]:
    """A practice request, as the phone finds it by asking."""
    assert call(alice.phone, "POST", TEST).status_code == 201
    (found,) = call(alice.phone, "GET", REQUESTS).json()["requests"]
    return dict(found)


def answer(alice: Linked, request: dict[str, Any], decision: str) -> Any:
    body = alice.phone.answer_body(request, decision) | {"device": alice.phone.device}
    return send("POST", ANSWERS, body)


def test_it_is_signed_like_a_real_one_and_says_that_it_is_practice(
    alice: Linked, request_: dict[str, Any]
) -> None:
    assert alice.phone.accepts_request(b64(keys.public()), request_)
    assert (request_["purpose"], request_["match"]) == ("action", "tap")
    assert json.loads(request_["context"])["practice"] is True


def test_it_rings_the_device_that_asked_for_it_and_no_other(
    alice: Linked,
    push_service: PushService,
    settings: Settings,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.KAUTH_PUSH_TEST_SERVICE = push_service.origin
    laptop, row = link_device(alice.user, "Laptop")
    push_subscriptions.store(alice.row, push_service.subscription())
    push_subscriptions.store(row, push_service.subscription("laptop"))
    with django_capture_on_commit_callbacks(execute=True):
        assert call(alice.phone, "POST", TEST).json()["push"] is True
    assert push_service.next_message().path == "/push/phone"
    assert push_service.messages.empty()
    assert call(laptop, "GET", REQUESTS).json()["requests"] == []


def test_without_a_subscription_it_says_that_no_push_will_come(alice: Linked) -> None:
    assert call(alice.phone, "POST", TEST).json()["push"] is False


@pytest.mark.parametrize(
    ("decision", "state"), [("approve", "approved"), ("deny", "denied"), ("report", "reported")]
)
def test_an_answer_is_taken_once_and_changes_nothing(
    alice: Linked, request_: dict[str, Any], decision: str, state: str
) -> None:
    before = SecurityEvent.objects.count()
    assert answer(alice, request_, decision).json()["state"] == state
    assert not Challenge.objects.exists()
    assert SecurityEvent.objects.count() == before
    assert not User.objects.get(pk=alice.user.pk).must_change_password
    assert refusal(answer(alice, request_, decision)) == (409, "not_pending")


def test_a_real_question_stays_open_and_is_asked_first(alice: Linked) -> None:
    real = ask(alice)
    call(alice.phone, "POST", TEST)
    first, second = call(alice.phone, "GET", REQUESTS).json()["requests"]
    assert first["challenge"] == real.pk
    answer(alice, second, "approve")
    real.refresh_from_db()
    assert real.state == State.PENDING


def test_a_changed_answer_is_refused(alice: Linked, request_: dict[str, Any]) -> None:
    body = alice.phone.answer_body(request_, "deny") | {"device": alice.phone.device}
    response = send("POST", ANSWERS, body | {"decision": "approve"})
    assert refusal(response) == (401, "unauthenticated")
    assert Practice.objects.open().exists()


def test_another_device_cannot_answer_it(alice: Linked, request_: dict[str, Any]) -> None:
    laptop, _ = link_device(alice.user, "Laptop")
    body = laptop.answer_body(request_, "approve") | {"device": laptop.device}
    assert refusal(send("POST", ANSWERS, body)) == (401, "unauthenticated")


def test_it_ends_after_its_minute(alice: Linked, request_: dict[str, Any]) -> None:
    practice = Practice.objects.get()
    practice.expires_at = practice.created_at
    practice.save()
    assert call(alice.phone, "GET", REQUESTS).json()["requests"] == []
    overdue = requests.message(practice, alice.row)
    assert refusal(answer(alice, overdue, "approve")) == (410, "expired")


def test_a_later_one_takes_its_place(alice: Linked, request_: dict[str, Any]) -> None:
    call(alice.phone, "POST", TEST)
    (found,) = call(alice.phone, "GET", REQUESTS).json()["requests"]
    assert found["challenge"] != request_["challenge"]


def test_nobody_rings_a_phone_with_it_all_day(alice: Linked) -> None:
    for _ in range(throttling.PRACTICE.free):
        assert call(alice.phone, "POST", TEST).status_code == 201
    response = call(alice.phone, "POST", TEST)
    assert refusal(response) == (429, "slow_down")
    assert int(response["Retry-After"]) > 0


def test_it_is_for_a_linked_device_only(alice: Linked) -> None:
    assert refusal(send("POST", TEST)) == (401, "unauthenticated")
