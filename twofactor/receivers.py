"""What the proof does when devices come and go. Runs inside the transaction of the change."""

from typing import Any

from accounts.models import User
from accounts.visitors import Visitor
from devices import signals
from devices.models import Device, Enrolment
from twofactor import backup_codes, challenges, methods


def connect() -> None:
    signals.device_linked.connect(on_device_linked)
    signals.device_revoked.connect(on_device_revoked)


def on_device_linked(
    sender: Any, device: Device, enrolment: Enrolment, visitor: Visitor, **_: Any
) -> None:
    if methods.begin_using(User.objects.get(pk=device.user_id), visitor=visitor):
        enrolment.switched_on = True
        enrolment.save(update_fields=["switched_on"])
        backup_codes.made_with(device)


def on_device_revoked(sender: Any, device: Device, visitor: Visitor, by: str, **_: Any) -> None:
    challenges.end_with_device(device)
    backup_codes.discard_made_with(device)
    methods.end_using(User.objects.get(pk=device.user_id), visitor=visitor, by=by)
