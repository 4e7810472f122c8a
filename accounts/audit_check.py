"""Walks the log of events along its seals, and names the first link that does not hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit_seals
from accounts.models import LONG_AGO, EventSeal, LogHead, SecurityEvent

CHUNK = 1000
# The clocks of all servers agree to this, and no transaction takes so long.
LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Break:
    """The first link that does not hold; 0 where it is an event without any."""

    link: int
    event: int
    why: str


@dataclass(frozen=True)
class Verdict:
    """`head` names the last link; `waiting` events have no seal yet, `behind`: for too long."""

    links: int
    head: str
    waiting: int
    behind: bool
    broken: Break | None


def verify(*, since: int = 1, head: str = "") -> Verdict:
    """Looks at each link from number `since` on; the one before that is taken as it is.

    `head` is a name of a link that was kept elsewhere: the log must still hold it.
    """
    last = EventSeal.objects.order_by("sequence").last()
    walk = _Walk(since)
    broken = _kept_differs(head) or walk.to_the_end() or _end_differs(last) or _never_sealed()
    waiting = audit_seals.unsealed(after=audit_seals.settled())
    oldest = waiting.order_by("pk").first()
    return Verdict(
        links=walk.seen,
        head=audit_seals.name_of(last),
        waiting=waiting.count(),
        behind=oldest is not None and oldest.created_at < timezone.now() - LATE,
        broken=broken,
    )


class _Walk:
    """Along the links, one by one, with what the next must follow."""

    def __init__(self, since: int) -> None:
        before = EventSeal.objects.filter(sequence=since - 1).first()
        self.sequence = since - 1
        self.previous = bytes(before.seal) if before else audit_seals.START
        self.newest = LONG_AGO
        self.seen = 0

    def to_the_end(self) -> Break | None:
        for link, event in _links(after=self.sequence):
            why = self._trouble(link, event)
            if why or event is None:
                return Break(self.sequence + 1, link.event, why)
            self.sequence, self.previous = link.sequence, bytes(link.seal)
            self.newest = max(self.newest, event.created_at)
            self.seen += 1
        return None

    def _trouble(self, link: EventSeal, event: SecurityEvent | None) -> str:
        if link.sequence != self.sequence + 1:
            return _("the link is missing")
        if event is None:
            return _("its event is missing")
        if audit_seals.fits(link, event, audit_seals.CUT):
            return _("the log was cut off before it")
        if not audit_seals.fits(link, event, self.previous):
            return _("its event or its seal was changed")
        late = event.created_at < self.newest - LATE
        return _("its event is older than those before it: it was put in later") if late else ""


def _links(*, after: int) -> Iterator[tuple[EventSeal, SecurityEvent | None]]:
    while chunk := list(EventSeal.objects.filter(sequence__gt=after).order_by("sequence")[:CHUNK]):
        events = SecurityEvent.objects.in_bulk([link.event for link in chunk])
        for link in chunk:
            yield link, events.get(link.event)
        after = chunk[-1].sequence


def _kept_differs(kept: str) -> Break | None:
    if not kept:
        return None
    number = int(kept.partition(":")[0])
    link = EventSeal.objects.filter(sequence=number).first()
    if link is not None and audit_seals.name_of(link) == kept:
        return None
    return Break(number, link.event if link else 0, _("it is not the link that was kept"))


def _end_differs(last: EventSeal | None) -> Break | None:
    if audit_seals.head_fits(LogHead.objects.first(), last):
        return None
    return Break(last.sequence + 1 if last else 1, 0, _("the newest links were cut off"))


def _never_sealed() -> Break | None:
    old = audit_seals.unsealed(after=0).filter(pk__lte=audit_seals.settled())
    event = old.order_by("pk").first()
    return Break(0, event.pk, _("it stands before the end and has no seal")) if event else None
