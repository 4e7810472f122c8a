"""What the proof does when devices come and go. Runs inside the transaction of the change."""

from typing import Any

from accounts.models import User
from accounts.visitors import Visitor
from devices import enrolment as enrolment_verbs
from devices import signals
from devices.models import Device, Enrolment
from twofactor import challenges, methods


def connect() -> None:
    signals.device_linked.connect(on_device_linked)
    signals.device_revoked.connect(on_device_revoked)


def on_device_linked(
    sender: Any, device: Device, enrolment: Enrolment, visitor: Visitor, **_: Any
) -> None:
    if Device.objects.of(device.user).active().count() > 1:
        return
    methods.switch_on(User.objects.get(pk=device.user_id), visitor=visitor)
    enrolment.switched_on = True
    enrolment.save(update_fields=["switched_on"])


def on_device_revoked(sender: Any, device: Device, visitor: Visitor, by: str, **_: Any) -> None:
    challenges.end_with_device(device)
    user = User.objects.get(pk=device.user_id)
    if methods.required(user):
        return
    if by == enrolment_verbs.BY_PERSON:
        methods.switch_off(user, visitor=visitor)
    else:
        methods.demand_enrolment(user)
