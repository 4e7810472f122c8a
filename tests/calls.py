"""Calls to /device/v1, as a device makes them and as it would never make them."""

import functools
import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from devices import claims, enrolment, keys, protocol
from devices.models import Enrolment
from tests.pages import browser
from tests.software_device import SoftwareDevice


def send(
    method: str,
    path: str,
    content: Any = None,
    *,
    proof: str = "",
    visitor: Client | None = None,
    **environ: Any,
) -> Any:
    """One call; `content` is sent as JSON, bytes as they are, `proof` as `Authorization`."""
    if proof:
        environ["HTTP_AUTHORIZATION"] = proof
    return (visitor or _device()).generic(
        method, path, as_body(content), "application/json", **environ
    )


@functools.cache
def _device() -> Client:
    """Kept, since it is slow to make: it has no cookies and is given none."""
    return browser(address="203.0.113.9")


def call(
    device: SoftwareDevice, method: str, path: str, content: Any = None, /, **spoiled: Any
) -> Any:
    """The same with the proof of `device`; `spoiled` is what it signs in place of the truth."""
    body = as_body(content)
    signed = {"method": method, "path": path, "body": body, **spoiled}
    return send(method, path, body, proof=device.authorization(**signed))


def as_body(content: Any) -> bytes:
    if content is None:
        return b""
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def refusal(response: HttpResponse) -> tuple[int, str]:
    """Status and code, once the answer has the form of a refusal."""
    content = json.loads(response.content)
    assert isinstance(content["detail"], str)
    assert content["detail"]
    return response.status_code, content["error"]


def offer(user: User, **options: Any) -> tuple[Enrolment, str]:
    """An open offer and the address in its QR."""
    made, token = enrolment.offer(user=user, replaces=None, **options)
    return made, protocol.link_address(settings.KAUTH_ORIGIN, token, keys.server_id())


def claim_of(body: dict[str, Any]) -> claims.Claim:
    """The body of a claim as the server's own verbs take it."""
    return claims.Claim(
        token=protocol.unb64(body["token"]),
        key=protocol.unb64(body["key"]),
        name=body["name"],
        platform=body["platform"],
        nonce=protocol.unb64(body["nonce"]),
        signature=protocol.unb64(body["sig"]),
    )
