"""Wakes apps that are not open, by push, beside the doorbell. Carries ids and a time only."""

import logging
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from celery.exceptions import OperationalError
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, UUIDField

from accounts import prepared
from devices import push_subscriptions, tasks
from devices.models import Device, DeviceState, PushSubscription

logger = logging.getLogger(__name__)


def account(user_id: UUID, *, until: datetime) -> None:
    """After the commit, wakes the devices of this account; in vain after `until`, so not then."""
    if not settings.KAUTH_VAPID_KEY:
        return
    for device_id in _reachable(user=user_id):
        device(device_id, until=until)


@prepared.rows(user=UUIDField())
def _reachable(user: Any) -> QuerySet[PushSubscription, Any]:
    linked = PushSubscription.objects.filter(device__user=user, device__state=DeviceState.ACTIVE)
    return linked.values_list("device_id", flat=True)


def reach(device: Device) -> bool:
    """Whether this device can be woken at all."""
    return bool(settings.KAUTH_VAPID_KEY) and push_subscriptions.of(device.pk) is not None


def device(device_id: int, *, until: datetime) -> None:
    if settings.KAUTH_VAPID_KEY:
        transaction.on_commit(partial(_queue, device_id, int(until.timestamp()), until))


def _queue(device_id: int, end: int, until: datetime) -> None:
    """Nobody waits for a push service here: with the queue away, apps find out by asking."""
    try:
        tasks.wake.apply_async((device_id, end), expires=until)
    except OperationalError as error:
        logger.warning("The task queue is away, nobody is woken by push: %s", error)
