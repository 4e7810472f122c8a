"""Chains the log of events: each is sealed together with all before it, after the fact.

Nobody who signs in waits for it. Writing an event takes no part; every few seconds one process
seals what has come since, in the order in which it finds it. From its seal on, an event cannot be
changed, dropped or put in between without `verify` telling, by anybody who has not the key.
"""

import hmac
import json
import logging
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from datetime import UTC, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import audit
from accounts.models import AppendOnlyQuerySet, EventKind, EventSeal, LogHead, SecurityEvent

logger = logging.getLogger(__name__)

BATCH = 500
# So many links back nothing can be open any more that will turn up in the table late: a
# transaction that got its id early, and commits after others that were sealed meanwhile.
LOOKBACK = 5000
# What the first link follows, and what a link follows before which the chain was cut.
START, CUT = b"", b"cut"
# What still counts how often it happened in its minute is sealed when all clocks are past that.
COUNTS = timedelta(minutes=5)
COLUMNS = ("kind", "login_id", "device_name", "method", "browser", "detail", "times", "alike")


def seal_new(limit: int = BATCH) -> int:
    """Seals up to `limit` events that have none; returns how many.

    Any number of processes may call it at once: one seals, the others find nothing to do.
    """
    if not _due().exists():
        return 0
    with transaction.atomic():
        LogHead.objects.get_or_create(pk=1)
        head = LogHead.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if head is None:
            return 0
        sequence, previous = _end(head)
        links = _chain(_due().order_by("pk")[:limit], sequence, previous)
        EventSeal.objects.bulk_create(links)
        if links:
            _move(head, links[-1])
    return len(links)


def unsealed(*, after: int) -> AppendOnlyQuerySet:
    """The events above this id that no link holds."""
    sealed = EventSeal.objects.filter(event=OuterRef("pk"))
    return SecurityEvent.objects.filter(~Exists(sealed), pk__gt=after)


def settled() -> int:
    """The id of an event below which none can come any more."""
    newest = EventSeal.objects.order_by("-sequence")[LOOKBACK : LOOKBACK + 1]
    return next((link.event for link in newest), 0)


def _due() -> AppendOnlyQuerySet:
    done = Q(alike=None) | Q(created_at__lt=timezone.now() - COUNTS)
    return unsealed(after=settled()).filter(done)


def fits(link: EventSeal, event: SecurityEvent, previous: bytes) -> bool:
    return _fits(bytes(link.seal), _message(link.sequence, event, previous))


def head_fits(head: LogHead | None, last: EventSeal | None) -> bool:
    """Whether the chain ends in `last`, as far as this site has ever sealed."""
    if head is None or last is None:
        return last is None and (head is None or head.sequence == 0)
    named = head.sequence == last.sequence
    return named and _fits(bytes(head.head_seal), _head_message(last))


def _end(head: LogHead) -> tuple[int, bytes]:
    """The number and seal from which the chain goes on. A cut stays to be seen for ever."""
    last = EventSeal.objects.order_by("sequence").last()
    if head_fits(head, last):
        return (last.sequence, bytes(last.seal)) if last else (0, START)
    audit.record(EventKind.TAMPERED, method="log", detail=f"end of the log, link {head.sequence}")
    logger.critical("A stored record does not fit its seal: the end of the log of events.")
    return max(head.sequence, last.sequence if last else 0), CUT


def _chain(events: Iterable[SecurityEvent], sequence: int, previous: bytes) -> list[EventSeal]:
    links = []
    for number, event in enumerate(events, sequence + 1):
        previous = _seal(_message(number, event, previous))
        links.append(EventSeal(sequence=number, event=event.pk, seal=previous))
    return links


def _move(head: LogHead, last: EventSeal) -> None:
    head.sequence, head.head_seal = last.sequence, _seal(_head_message(last))
    head.save()
    logger.info("The log of events is sealed up to %s", name_of(last))


def name_of(link: EventSeal | None) -> str:
    """The link as it can be kept elsewhere, to be held against the log one day."""
    return f"{link.sequence}:{bytes(link.seal).hex()}" if link else "0:"


def _message(sequence: int, event: SecurityEvent, previous: bytes) -> bytes:
    """All that the row says, in one spelling, after what it follows."""
    row = [
        sequence,
        event.pk,
        event.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(event.user_id or ""),
        event.address or "",
        *(getattr(event, column) for column in COLUMNS),
    ]
    return b"kauth/event\0" + json.dumps([previous.hex(), *row]).encode()


def _head_message(last: EventSeal) -> bytes:
    return b"kauth/log-head\0" + json.dumps([last.sequence, bytes(last.seal).hex()]).encode()


def _seal(message: bytes) -> bytes:
    return hmac.digest(_keys()[0], message, "sha256")


def _fits(seal: bytes, message: bytes) -> bool:
    seals = [hmac.digest(key, message, "sha256") for key in _keys()]
    return any(hmac.compare_digest(seal, known) for known in seals)


def _keys() -> list[bytes]:
    """The first seals, all tell whether a seal fits: so the key can be changed."""
    entries = settings.KAUTH_AUDIT_KEY.split(",")
    return [urlsafe_b64decode(f"{entry.strip()}==") for entry in entries]
