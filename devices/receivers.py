"""What follows in this app from changes of an account: pages look whether their session still
stands, and devices are told how the account is protected now.
"""

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_save

from accounts import notices, signals
from accounts.models import User
from accounts.visitors import Visitor
from devices import changes, doorbell, tasks
from devices import signals as device_signals
from devices.models import Device

# A change of one of these ends sessions, whoever makes it.
ENDING = {"is_active", "security_epoch"}


def connect() -> None:
    signals.sessions_changed.connect(on_sessions_changed)
    signals.protection_changed.connect(on_protection_changed)
    post_save.connect(on_account_saved, sender=User)
    device_signals.device_linked.connect(on_device_linked)
    device_signals.device_revoked.connect(on_device_revoked)


def on_sessions_changed(sender: Any, user_id: object, **_: Any) -> None:
    doorbell.ring(doorbell.pages_group(user_id), "sessions_changed")


def on_account_saved(
    sender: Any, instance: User, update_fields: Collection[str] | None, **_: Any
) -> None:
    if ENDING & set(update_fields or ()):
        on_sessions_changed(sender, instance.pk)


def on_protection_changed(sender: Any, user: User, kind: str, name: str, **_: Any) -> None:
    changes.tell(user, kind, name)


def on_device_linked(sender: Any, device: Device, visitor: Visitor, **_: Any) -> None:
    """After a recovery whoever still holds another device, or reads the mail, can turn it away."""
    if device.new_until is not None:
        changes.tell_recovered(device)
        notices.send_link(tasks.send_veto_link, str(device.pk), visitor=visitor)


def on_device_revoked(sender: Any, device: Device, **_: Any) -> None:
    changes.forget(device)
