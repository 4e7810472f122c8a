"""Where to push is a secret of the device's browser, and only what a browser would give (D-86)."""

import copy
import json
from typing import Any

import pytest

from devices import p256, push_subscriptions, sealing
from devices.exceptions import BadRequest
from devices.models import PushSubscription
from devices.protocol import ProtocolError, b64
from tests.linked import Linked

pytestmark = pytest.mark.django_db

ENDPOINT = "https://fcm.googleapis.com/fcm/send/eXaMpLe:APA91b"
GOOD: dict[str, Any] = {
    "endpoint": ENDPOINT,
    "keys": {"p256dh": b64(p256.public_bytes(p256.generate())), "auth": b64(b"a" * 16)},
}


def spoiled(**changes: Any) -> dict[str, Any]:
    message = copy.deepcopy(GOOD)
    message["keys"] |= {name: changes.pop(name) for name in ("p256dh", "auth") if name in changes}
    return message | changes


def opened(alice: Linked) -> dict[str, Any]:
    row = PushSubscription.objects.get(device=alice.row)
    plain = sealing.open_sealed(bytes(row.subscription), "push", str(alice.row.public_id))
    return dict(json.loads(plain))


def test_a_subscription_is_kept_whole(alice: Linked) -> None:
    push_subscriptions.store(alice.row, GOOD)
    assert opened(alice) == GOOD
    assert PushSubscription.objects.get().host == "fcm.googleapis.com"


def test_d86_the_table_holds_the_host_only(alice: Linked) -> None:
    push_subscriptions.store(alice.row, GOOD)
    row = PushSubscription.objects.get()
    sealed = bytes(row.subscription)
    secrets = (ENDPOINT.partition("/fcm")[2], GOOD["keys"]["p256dh"], GOOD["keys"]["auth"])
    assert not any(secret.encode() in sealed for secret in secrets)
    assert str(row) == "fcm.googleapis.com"


def test_a_later_subscription_takes_the_place_of_the_earlier(alice: Linked) -> None:
    push_subscriptions.store(alice.row, GOOD)
    push_subscriptions.store(alice.row, spoiled(endpoint=f"{ENDPOINT}/new"))
    assert opened(alice)["endpoint"] == f"{ENDPOINT}/new"


def test_what_is_forgotten_is_gone_and_twice_does_no_harm(alice: Linked) -> None:
    push_subscriptions.store(alice.row, GOOD)
    for _ in range(2):
        push_subscriptions.forget(alice.row)
        assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "fcm.googleapis.com/x",
        "http://fcm.googleapis.com/x",
        "ftp://fcm.googleapis.com/x",
        "javascript:alert(1)",
        "https:///x",
        "https://a@fcm.googleapis.com/x",
        "https://a:b@fcm.googleapis.com/x",
        "https://@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:0/x",
        "https://fcm.googleapis.com:x/x",
        "https://[::1/x",
        "https://fcm.googleapis.com/\x00",
        "https://fcm.googleapis.com/\n",
        "https://fcm.google apis.com/x",
        "https://fcm.googleapis.com/a b",
        "https://[::1]/x",
        "https://fcm..googleapis.com/x",
        "https://fcm.googleapis.com/é",
        "https://fcm.googleapis.com/\ud800",
        "https://fcm。googleapis.com/x",
        "https://" + "a" * 254 + "/x",
        "https://fcm.googleapis.com/" + "a" * 2000,
        None,
        7,
        ["https://fcm.googleapis.com/x"],
    ],
)
def test_d85_an_address_that_no_browser_gives_is_refused(alice: Linked, endpoint: object) -> None:
    with pytest.raises((BadRequest, ProtocolError)):
        push_subscriptions.store(alice.row, spoiled(endpoint=endpoint))
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "keys",
    [
        {"p256dh": b64(b"\x04" + b"\0" * 64)},
        {"p256dh": b64(b"\x02" + b"\0" * 32)},
        {"p256dh": ""},
        {"p256dh": None},
        {"p256dh": "=" * 88},
        {"auth": b64(b"a" * 15)},
        {"auth": b64(b"a" * 17)},
        {"auth": 1},
        {"keys": None},
        {"keys": []},
        {"keys": "p256dh"},
        {"keys": {}},
    ],
)
def test_keys_of_another_form_are_refused(alice: Linked, keys: dict[str, Any]) -> None:
    with pytest.raises((BadRequest, ProtocolError)):
        push_subscriptions.store(alice.row, spoiled(**keys))
    assert not PushSubscription.objects.exists()
