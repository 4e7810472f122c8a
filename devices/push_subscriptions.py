"""Push subscriptions (W3C Push API): what a device's browser gave us, kept as the secret it is."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from devices import messages, p256, protocol, sealing
from devices.exceptions import BadRequest
from devices.models import Device, PushSubscription

AUTH_SIZE = 16
LONGEST_ENDPOINT = 2000
# What browsers make of a URL: visible ASCII, and a host name that fits its column (RFC 1035).
VISIBLE = re.compile(r"[!-~]+")
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*")


def store(device: Device, message: dict[str, Any]) -> None:
    """Keeps `{"endpoint":..., "keys":{"p256dh":..., "auth":...}}` in place of any earlier one.

    Raises BadRequest for what no browser would give: not https, a user name in the address, keys
    of the wrong form (RFC 8291, section 3.1).
    """
    endpoint = messages.text_member(message, "endpoint")
    host = _host_of(endpoint)
    wanted = message.get("keys")
    if not isinstance(wanted, dict):
        raise BadRequest
    p256dh = messages.bytes_member(wanted, "p256dh", protocol.KEY_SIZE)
    auth = messages.bytes_member(wanted, "auth", AUTH_SIZE)
    try:
        p256.load_public(p256dh)
    except p256.KeyFormatError as error:
        raise BadRequest(str(error)) from error
    plain = json.dumps(
        {"endpoint": endpoint, "keys": {"p256dh": wanted["p256dh"], "auth": protocol.b64(auth)}}
    )
    sealed = sealing.seal(plain.encode(), "push", str(device.public_id))
    PushSubscription.objects.update_or_create(
        device=device, defaults={"host": host, "subscription": sealed}
    )


def forget(device: Device) -> None:
    PushSubscription.objects.filter(device=device).delete()


def _host_of(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        good = (
            VISIBLE.fullmatch(endpoint)
            and parts.scheme == "https"
            and HOST.fullmatch(parts.hostname or "")
            and parts.username is None
            and parts.port in (None, 443)
            and len(endpoint) <= LONGEST_ENDPOINT
        )
    except ValueError:
        raise BadRequest from None
    if not good:
        raise BadRequest
    return str(parts.hostname)
