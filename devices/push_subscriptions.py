"""Push subscriptions (W3C Push API): what a device's browser gave us, kept as the secret it is."""

import json
from typing import Any

from django.utils.translation import gettext as _

from devices import messages, p256, protocol, push, sealing, tampering
from devices.exceptions import BadRequest
from devices.models import Device, DeviceState, PushSubscription

AUTH_SIZE = 16


def store(device: Device, message: dict[str, Any]) -> None:
    """Keeps `{"endpoint":..., "keys":{"p256dh":..., "auth":...}}` in place of any earlier one.

    Raises BadRequest for a push service that the site does not send to, and for keys of the wrong
    form (RFC 8291, section 3.1).
    """
    endpoint = messages.text_member(message, "endpoint")
    try:
        host = push.place_of(endpoint).host
    except push.NoPushService:
        detail = _("This site does not send to the push service of your browser.")
        raise BadRequest(detail) from None
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


def of(device_id: int) -> PushSubscription | None:
    """What this device has, as long as it is linked."""
    return (
        PushSubscription.objects.select_related("device__user")
        .filter(device=device_id, device__state=DeviceState.ACTIVE, device__user__is_active=True)
        .first()
    )


def opened(kept: PushSubscription) -> dict[str, Any]:
    """As the browser gave it. Raises SealBroken, after the alarm."""
    device = kept.device
    try:
        plain = sealing.open_sealed(bytes(kept.subscription), "push", str(device.public_id))
    except sealing.SealBroken:
        row = f"push subscription of device {device.public_id}"
        tampering.alert("push subscription", row, user=device.user, device_name=device.name)
        raise
    return dict(json.loads(plain))


def drop(kept: PushSubscription) -> None:
    """Forgets this one, and not another that took its place meanwhile."""
    PushSubscription.objects.filter(pk=kept.pk, subscription=bytes(kept.subscription)).delete()
