"""Wakes the app by push, and mails what only devices know of.

Whether a push worked changes nothing but how soon somebody looks.
"""

import logging
import time
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.urls import reverse

from accounts import metrics
from accounts.tasks import RETRIES, mail
from devices import push, push_subscriptions, sealing, veto_tokens
from devices.models import Device

logger = logging.getLogger(__name__)

TRIES = 8
FIRST_PAUSE = 2
LONGEST_PAUSE = 60


@shared_task(bind=True, max_retries=TRIES)
def wake(task: Task, device_id: int, until: int) -> None:
    """Sends one message; a push service that is away is tried again until `until` (Unix time)."""
    seconds = until - int(time.time())
    kept = push_subscriptions.of(device_id)
    if kept is None or seconds <= 0:
        return
    try:
        push.send(push_subscriptions.opened(kept), seconds=seconds)
    except (push.Gone, push.NoPushService):
        metrics.PUSHES.labels("gone").inc()
        push_subscriptions.drop(kept)
    except (push.Refused, sealing.SealBroken) as error:
        metrics.PUSHES.labels("refused").inc()
        logger.warning("The push service %s was sent nothing: %r", kept.host, error)
    except push.TryLater as later:
        metrics.PUSHES.labels("later").inc()
        pause = max(later.after, min(FIRST_PAUSE * 2**task.request.retries, LONGEST_PAUSE))
        if pause >= seconds or task.request.retries >= TRIES:
            logger.warning("The push service %s is away; nobody was woken by it.", kept.host)
            return
        raise task.retry(countdown=pause) from None
    else:
        metrics.PUSHES.labels("sent").inc()


@shared_task(**RETRIES)
def send_veto_link(task: Task, device_id: str, facts: dict[str, Any]) -> None:
    """Mails the way to turn away a new device. The link is made here: the queue never holds it."""
    device = Device.objects.new().select_related("user").filter(pk=device_id).first()
    if device is None:
        return
    link = settings.KAUTH_ORIGIN + reverse("devices:veto", args=[veto_tokens.make(device)])
    facts = {**facts, "link": link, "device_name": device.name}
    mail(task, "device_recovered", device.user, facts)
