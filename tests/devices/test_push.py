"""Web Push: what is sent, to whom, and to whom nothing ever is (D-82 to D-86)."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts import clock
from devices import enrolment, push, push_subscriptions, tasks, vapid, wakeups
from devices.models import PushSubscription
from devices.protocol import unb64
from tests.calls import call
from tests.connections import watched
from tests.linked import Linked
from tests.people import VISITOR, link_device
from tests.services.push_service import PushService
from tests.twofactor.asking import ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(push_service: PushService, settings: Settings, alice: Linked) -> PushService:
    """A push service that the site sends to, with which Alice's phone has a subscription."""
    settings.KAUTH_PUSH_TEST_SERVICE = push_service.origin
    push_subscriptions.store(alice.row, push_service.subscription())
    return push_service


def wake(alice: Linked, seconds: int = 100) -> None:
    done = tasks.wake.apply((alice.row.pk, int(time.time()) + seconds))
    assert done.state == "SUCCESS"


# --- What is sent -------------------------------------------------------------------------


def test_d82_a_question_wakes_the_phone_and_tells_nothing(
    service: PushService, alice: Linked, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        challenge = ask(alice)
    message = service.next_message()
    assert service.read(message) == b'{"v":1}'
    told = json.dumps(message.headers)
    for secret in (challenge.pk, str(alice.user.pk), str(alice.row.public_id), "alice"):
        assert secret not in told


def test_d83_it_is_one_sealed_record_that_is_urgent_and_dies_with_the_question(
    service: PushService, alice: Linked, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        challenge = ask(alice)
    message = service.next_message()
    assert message.headers["content-encoding"] == "aes128gcm"
    assert len(message.body) <= 4096
    assert message.headers["urgency"] == "high"
    left = challenge.expires_at - clock.now()
    assert abs(int(message.headers["ttl"]) - left.total_seconds()) <= 2


def test_d83_the_topic_is_opaque_and_the_same_for_each_message_to_one_browser(
    service: PushService, alice: Linked
) -> None:
    for _ in range(2):
        wake(alice)
    first, second = (service.next_message().headers["topic"] for _ in range(2))
    assert first == second
    assert len(unb64(first)) == 24


def test_d84_the_token_is_for_this_push_service_and_an_hour(
    service: PushService, alice: Linked
) -> None:
    wake(alice)
    claims = service.next_message().claims(vapid.public())
    assert claims["aud"] == service.origin
    assert abs(claims["exp"] - time.time() - 3600) <= 5
    assert claims["sub"].startswith("mailto:")


def test_d84_two_push_services_get_two_audiences() -> None:
    tokens = [
        vapid.authorization(push.place_of(endpoint).origin)
        for endpoint in (
            "https://fcm.googleapis.com/fcm/send/x",
            "https://updates.push.services.mozilla.com/wpush/v2/y",
        )
    ]
    audiences = [json.loads(unb64(token.split(".")[1]))["aud"] for token in tokens]
    assert audiences == [
        "https://fcm.googleapis.com",
        "https://updates.push.services.mozilla.com",
    ]


# --- What comes back ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_d86_a_subscription_that_is_over_is_deleted(
    service: PushService, alice: Linked, status: int
) -> None:
    service.answers = [(status, {})]
    wake(alice)
    assert not PushSubscription.objects.exists()


def test_d86_one_that_took_its_place_meanwhile_stays(service: PushService, alice: Linked) -> None:
    old = push_subscriptions.of(alice.row.pk)
    assert old
    push_subscriptions.store(alice.row, service.subscription("anew"))
    push_subscriptions.drop(old)
    assert PushSubscription.objects.count() == 1


def test_d86_a_device_that_is_removed_leaves_no_subscription(
    service: PushService, alice: Linked
) -> None:
    enrolment.revoke(alice.row, visitor=VISITOR, by=enrolment.BY_PERSON)
    assert not PushSubscription.objects.exists()


def test_a_device_learns_that_its_subscription_is_over(service: PushService, alice: Linked) -> None:
    assert call(alice.phone, "GET", "/device/v1/device").json()["push"] is True
    service.answers = [(410, {})]
    wake(alice)
    assert call(alice.phone, "GET", "/device/v1/device").json()["push"] is False


def test_a_busy_push_service_is_tried_again(service: PushService, alice: Linked) -> None:
    service.answers = [(429, {"Retry-After": "1"}), (503, {}), (500, {})]
    wake(alice)
    assert service.messages.qsize() == 4
    assert PushSubscription.objects.exists()


@pytest.mark.parametrize("answer", [(429, {"Retry-After": "200"}), (413, {}), (403, {})])
def test_it_is_not_tried_again_in_vain(
    service: PushService, alice: Linked, answer: tuple[int, dict[str, str]]
) -> None:
    service.answers = [answer]
    wake(alice)
    assert service.messages.qsize() == 1
    assert PushSubscription.objects.exists()


def test_a_push_service_that_is_away_is_tried_to_the_end_and_then_left(
    alice: Linked, settings: Settings
) -> None:
    settings.KAUTH_PUSH_TEST_SERVICE = "http://127.0.0.1:9"
    endpoint = {"endpoint": "http://127.0.0.1:9/x"}
    push_subscriptions.store(alice.row, PushService.subscription(NOBODY) | endpoint)
    with watched() as connections:
        wake(alice)
    assert len(connections) == tasks.TRIES + 1


def test_a_question_that_is_over_wakes_nobody(service: PushService, alice: Linked) -> None:
    wake(alice, seconds=0)
    assert service.messages.empty()


def test_only_this_accounts_devices_are_woken(
    service: PushService, alice: Linked, bob: Linked, django_capture_on_commit_callbacks: Any
) -> None:
    push_subscriptions.store(bob.row, service.subscription("bob"))
    _, laptop = link_device(alice.user, "Laptop")
    push_subscriptions.store(laptop, service.subscription("laptop"))
    with django_capture_on_commit_callbacks(execute=True):
        wakeups.account(alice.user.pk, until=clock.now() + timedelta(minutes=1))
    paths = {service.next_message().path for _ in range(2)}
    assert paths == {"/push/phone", "/push/laptop"}
    assert service.messages.empty()


def test_without_a_key_nobody_is_woken(
    service: PushService,
    alice: Linked,
    settings: Settings,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.KAUTH_VAPID_KEY = ""
    with django_capture_on_commit_callbacks(execute=True):
        ask(alice)
    assert service.messages.empty()


def test_a_record_that_was_changed_is_sent_nowhere(service: PushService, alice: Linked) -> None:
    PushSubscription.objects.update(subscription=b"\x01" + b"x" * 80)
    wake(alice)
    assert service.messages.empty()


NOBODY = PushService()
NOBODY.server.server_close()
