"""What the proof does when devices come and go. Runs inside the transaction of the change."""

from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.visitors import Visitor
from devices import signals
from devices.exceptions import Expired
from devices.models import Device, Enrolment
from twofactor import backup_codes, challenges, methods, recoveries
from twofactor.method_models import Method


def connect() -> None:
    signals.device_linked.connect(on_device_linked)
    signals.device_revoked.connect(on_device_revoked)
    signals.method_vetoed.connect(on_method_vetoed)
    signals.recovery_undone.connect(on_recovery_undone)


def on_device_linked(
    sender: Any, device: Device, enrolment: Enrolment, visitor: Visitor, **_: Any
) -> None:
    if methods.begin_using(User.objects.get(pk=device.user_id), visitor=visitor):
        enrolment.switched_on = True
        enrolment.save(update_fields=["switched_on"])
        backup_codes.made_with(device, recovered_in=enrolment.recovered_in)


def on_device_revoked(sender: Any, device: Device, visitor: Visitor, by: str, **_: Any) -> None:
    challenges.end_with_device(device)
    backup_codes.discard_made_with(device)
    methods.end_using(User.objects.get(pk=device.user_id), visitor=visitor, by=by)


def on_method_vetoed(
    sender: Any, user: User, subject: str, visitor: Visitor, by: str, **_: Any
) -> bool:
    method = methods.find(user, *subject.split(":"))
    if not isinstance(method, Method):
        return False
    try:
        recoveries.turn_away(method, visitor=visitor, by=by)
    except Expired:
        return False
    return True


def on_recovery_undone(
    sender: Any, user: User, session: UUID, visitor: Visitor, by: str, **_: Any
) -> list[Any]:
    return recoveries.take_away_added(user, session, visitor=visitor, by=by)
