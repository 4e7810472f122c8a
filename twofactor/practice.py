"""A practice request: shows a person that their phone rings. Whatever is answered opens nothing.

It is a row of its own kind, for one device: it takes no real question's place, counts in no
budget, and no sign-in can wait for it.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import clock, prepared, throttling
from accounts.visitors import Visitor
from devices import doorbell, keys, wakeups
from devices.exceptions import Expired, NotPending, Revoked, SlowDown, Unauthenticated
from devices.models import Device
from twofactor import requests
from twofactor.models import Practice, State

SERVICE = "Practice"
LIFE = timedelta(seconds=60)
STATES = {"approve": State.APPROVED, "deny": State.DENIED, "report": State.REPORTED}


def begin(device: Device, *, visitor: Visitor) -> Practice:
    """Asks `device` alone, over its socket and by push; an earlier practice of it ends.

    Raises SlowDown.
    """
    try:
        throttling.reserve(f"practice:device:{device.public_id}", throttling.PRACTICE)
    except throttling.Throttled as throttled:
        raise SlowDown(throttled.retry_after, _("Wait a little before the next test.")) from None
    now = clock.now()
    with transaction.atomic():
        Practice.objects.filter(device=device).delete()
        practice = Practice.objects.create(
            device=device,
            created_at=now,
            expires_at=now + LIFE,
            context=requests.context_of(
                user=device.user,
                visitor=visitor,
                service=SERVICE,
                new_browser=False,
                practice=True,
            ),
        )
        doorbell.ring(doorbell.device_group(device.public_id), "asked")
        wakeups.device(device.pk, until=practice.expires_at)
    return practice


def open_for(device: Device) -> Practice | None:
    if not device.is_active:
        return None
    practice: Practice | None = _open_for.first(device=device.pk)
    return practice


@prepared.rows(device=BigIntegerField())
def _open_for(device: Any) -> QuerySet[Practice]:
    return Practice.objects.open().filter(device=device)[:1]


def find(challenge_id: str, device: Device) -> Practice | None:
    """The practice that an answer of `device` means, if it means one."""
    return Practice.objects.select_related("device").filter(pk=challenge_id, device=device).first()


def settle(practice: Practice, *, decision: str, number: str, signature: bytes) -> State:
    """Takes the signed decision, which changes nothing. Once; raises as answers.take does."""
    device = practice.device
    frame = requests.answer_frame(practice, device, decision=decision, number=number)
    if not keys.device_signed(device, signature, frame):
        raise Unauthenticated
    if not device.is_active:
        raise Revoked
    if not Practice.objects.open().filter(pk=practice.pk).update(answered_at=Now()):
        raise NotPending if practice.answered_at else Expired
    state = STATES[decision]
    group = doorbell.device_group(device.public_id)
    doorbell.ring(group, "closed", challenge=practice.pk, state=str(state))
    return state
