"""Rings from processes beside the embedded server, which has the sockets: it takes them from here.

Without Redis a command cannot reach the server but through the database. Like every ring these
carry "look again" and ids; one that is lost or late changes nothing but how soon somebody looks.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from devices.models import PendingRing

BATCH = 100
KEPT = timedelta(minutes=1)


def put(group: str, message: dict[str, Any]) -> None:
    """Keeps the ring for a minute: with no server running its moment passes, and it goes."""
    PendingRing.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    PendingRing.objects.create(group=group, message=message)


def take() -> list[PendingRing]:
    """Up to 100 rings in the order in which they came; they are no longer in the table."""
    rings = list(PendingRing.objects.order_by("pk")[:BATCH])
    if rings:
        PendingRing.objects.filter(pk__in=[ring.pk for ring in rings]).delete()
    return rings
