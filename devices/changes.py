"""Tells the devices of an account what changed in how it is protected (docs/protocol.md, 4).

News, in words of a fixed vocabulary: nothing is asked by it, and nothing hangs on its arrival.
A device hears from the moment on when it has its secrets; what its own linking brought with it
is before that.
"""

from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from accounts import clock, prepared
from accounts.models import User
from devices import doorbell, wakeups
from devices.models import Device, DeviceQuerySet, Notice

KEPT = timedelta(days=1)
RUNG_FOR = timedelta(hours=1)
# The one that asks something: the device that hears it can turn away the one that it is about.
RECOVERED = "device_recovered"
# The same, of what is no linked device.
METHOD_RECOVERED = gettext_lazy(
    "“%(name)s” was added after a recovery of your account. Remove it if it is not yours."
)
SENTENCES = {
    "device_linked": gettext_lazy("“%(name)s” was linked to your account."),
    RECOVERED: gettext_lazy(
        "“%(name)s” was linked after a recovery of your account. Remove it if it is not yours."
    ),
    "device_removed": gettext_lazy("“%(name)s” was removed from your account."),
    "method_added": gettext_lazy("“%(name)s” was added to your account."),
    "method_removed": gettext_lazy("“%(name)s” was removed from your account."),
    "backup_codes_made": gettext_lazy("New backup codes were made. The old ones work no more."),
    "backup_code_used": gettext_lazy("A backup code opened your account."),
    "helpdesk_code_made": gettext_lazy("The help desk made a code for your account."),
    "helpdesk_code_used": gettext_lazy("The help desk's code opened your account."),
    "code_off": gettext_lazy("One-time codes are off after many wrong tries."),
    "key_copied": gettext_lazy("“%(name)s” was refused: somebody may have copied it."),
    "password_changed": gettext_lazy("Your password was changed."),
    "sessions_ended": gettext_lazy("Other browsers were signed out of your account."),
    "address_asked": gettext_lazy("Somebody asked to change the e-mail address of your account."),
    "address_is_new": gettext_lazy("The e-mail address of your account was changed."),
    "locked": gettext_lazy("Your account was locked down by “It was not me” in an e-mail."),
}


def tell(user: User, kind: str, name: str) -> None:
    """One notice for each linked device, if `kind` is one that devices hear of."""
    if kind not in SENTENCES:
        return
    for device in _hearing(user):
        _tell(device, kind, name)


def tell_recovered(new: Device) -> None:
    """`new` was linked after a recovery: each older device hears of it, and can turn it away. One
    that is new itself just hears that a device was linked.
    """
    for device in _hearing(new.user).exclude(pk=new.pk):
        if device.is_new:
            _tell(device, "device_linked", new.name)
        else:
            _tell(device, RECOVERED, new.name, about=new)


def tell_method_recovered(user: User, name: str, subject: str) -> None:
    """The same of a method that is no linked device, which its owners call `subject`."""
    for device in _hearing(user):
        if device.is_new:
            _tell(device, "method_added", name)
        else:
            _tell(device, RECOVERED, name, subject=subject)


def forget(gone: Device) -> None:
    """`gone` is removed: nobody needs to turn it away."""
    Notice.objects.filter(about=gone).delete()


def forget_method(user: User, subject: str) -> None:
    Notice.objects.filter(device__user=user, subject=subject).delete()


def find(notice_id: str, device: Device) -> Notice | None:
    """What `device` was told, if that is about a new device or method."""
    told = device.notices.select_related("about__user").filter(pk=notice_id)
    return told.exclude(about=None, subject="").first()


def _hearing(user: User) -> DeviceQuerySet:
    return Device.objects.of(user).active().exclude(provisioned_at=None)


def _tell(device: Device, kind: str, name: str, **about: Any) -> None:
    now = clock.now()
    device.notices.filter(created_at__lt=now - KEPT).delete()
    Notice.objects.create(device=device, kind=kind, name=name, created_at=now, **about)
    doorbell.ring(doorbell.device_group(device.public_id), "told")
    wakeups.device(device.pk, until=now + RUNG_FOR)


def waiting(device: Device) -> list[dict[str, Any]]:
    """The notices that a person has not seen at `device`, of the last day, oldest first."""
    return [_message(notice) for notice in _waiting(device=device.pk)]


@prepared.rows(device=BigIntegerField())
def _waiting(device: Any) -> QuerySet[Notice]:
    return Notice.objects.filter(
        device=device, kind__in=list(SENTENCES), created_at__gt=Now() - KEPT
    )


def seen(notice_id: str, device: Device) -> None:
    device.notices.filter(pk=notice_id).delete()


def _message(notice: Notice) -> dict[str, Any]:
    sentence = METHOD_RECOVERED if notice.subject else SENTENCES[notice.kind]
    return {
        "t": "notice",
        "notice": notice.pk,
        "kind": notice.kind,
        "text": str(sentence) % {"name": notice.name},
        "time": int(notice.created_at.timestamp()),
    }
