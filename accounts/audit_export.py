"""The log of events as rows for other programs. What it says is all shown in the admin as well."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC

from accounts import tables
from accounts.models import SecurityEvent

HEADS = (
    "id",
    "time",
    "kind",
    "account",
    "device",
    "method",
    "address",
    "browser",
    "detail",
    "times",
)


def row(event: SecurityEvent) -> dict[str, str]:
    cells = (
        str(event.pk),
        event.created_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        event.kind,
        event.login_id,
        event.device_name,
        event.method,
        event.address or "",
        event.browser,
        event.detail,
        str(event.times),
    )
    return dict(zip(HEADS, cells, strict=True))


def as_csv(events: Iterable[SecurityEvent]) -> Iterator[str]:
    yield from tables.as_csv([HEADS])
    yield from tables.as_csv(row(event).values() for event in events)


def as_json_lines(events: Iterable[SecurityEvent]) -> Iterator[str]:
    for event in events:
        yield json.dumps(row(event)) + "\n"
