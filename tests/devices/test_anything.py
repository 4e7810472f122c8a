"""Whatever is sent to /device/v1, the answer is one that docs/protocol.md knows."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Throttle
from devices.messages import HTTP_STATUS
from devices.protocol import b64
from tests.anything import bodies
from tests.calls import call, offer, send
from tests.devices.test_api_call import CALLS, SIGNED
from tests.linked import Linked, examples_share_rows
from tests.software_device import SoftwareDevice

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]

SUBSCRIPTION = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/x",
    "keys": {"p256dh": "BA", "auth": "AA"},
}
# What a good message of each call has, those of them that have a body.
MEMBERS: dict[str, dict[str, Any]] = {
    "/device/v1/links": SoftwareDevice().claim_body(
        f"http://localhost:8000/app/link#v=1&t={b64(b't' * 32)}&s={b64(b's' * 32)}"
    ),
    "/device/v1/answers": {
        "device": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        "challenge": b64(b"c" * 32),
        "decision": "approve",
        "number": "47",
        "sig": b64(b"s" * 64),
    },
    "/device/v1/seen": {"challenge": b64(b"c" * 32)},
    "/device/v1/veto": {"notice": b64(b"c" * 32)},
    "/device/v1/device": {"name": "Pixel 8"},
    "/device/v1/push": SUBSCRIPTION,
}
few = settings(examples_share_rows, max_examples=40)


def check(response: Any) -> None:
    """One of the good answers, or a refusal of the protocol."""
    if response.status_code in (200, 201, 204):
        return
    content = json.loads(response.content)
    assert response.status_code == HTTP_STATUS[content["error"]]
    assert content["detail"]
    Throttle.objects.all().delete()  # else most of it would only be told to slow down


@few
@given(data=st.data())
@pytest.mark.parametrize(("method", "path"), SIGNED)
def test_any_body_of_a_signed_call_has_a_documented_answer(
    alice: Linked, method: str, path: str, data: st.DataObject
) -> None:
    body = data.draw(bodies(MEMBERS.get(path, {})))
    check(call(alice.phone, method, path, body))


@few
@given(data=st.data())
@pytest.mark.parametrize("path", ["/device/v1/links", "/device/v1/answers"])
def test_any_body_of_a_call_that_proves_itself_has_a_documented_answer(
    alice: Linked, path: str, data: st.DataObject
) -> None:
    check(send("POST", path, data.draw(bodies(MEMBERS[path]))))


@few
@given(data=st.data())
def test_any_claim_of_a_real_offer_has_a_documented_answer(
    alice: Linked, data: st.DataObject
) -> None:
    """Signed as it is sent, so that its odd names and platforms get as far as the table."""
    device = SoftwareDevice(
        name=data.draw(st.text(max_size=60)), platform=data.draw(st.text(max_size=60))
    )
    check(send("POST", "/device/v1/links", device.claim_body(offer(alice.user)[1])))


@few
@given(proof=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=300))
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_any_proof_has_a_documented_answer(
    alice: Linked, method: str, path: str, proof: str
) -> None:
    check(send(method, path, {}, proof=proof))
