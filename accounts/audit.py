"""Writes down what happened. Call it outside any transaction that may be rolled back."""

import hashlib
import json
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet, Value
from django.utils import timezone

from accounts import metrics, prepared
from accounts.models import EventKind, SecurityEvent, User
from accounts.visitors import Visitor

_insert = prepared.Insert(SecurityEvent)

# What happens without a visitor: a command, a clean-up.
NOBODY = Visitor(browser="")

# Refusals that no limiter stands before: who is refused decides how often. Those of one minute
# that are alike are one row with a count, so that a flood fills no table and hides no other row.
REPEATED = {
    EventKind.THROTTLED,
    EventKind.REQUEST_PAUSED,
    EventKind.ANSWER_REFUSED,
    EventKind.LINK_REFUSED,
    EventKind.VETO_REFUSED,
    EventKind.CHANGE_REFUSED,
    EventKind.TAMPERED,
}


def record(
    kind: EventKind,
    *,
    user: User | None = None,
    visitor: Visitor = NOBODY,
    device_name: str = "",
    method: str = "",
    detail: str = "",
) -> SecurityEvent:
    """Who, what, from where, with which device: one row, or one more of a row of this minute.

    Never a secret or others' free text.
    """
    event = _event(kind, user, visitor, device_name=device_name, method=method, detail=detail)
    if kind in REPEATED:
        _count_with_its_like(event, visitor)
    else:
        _insert(event)
    metrics.count_event(kind, detail)
    return event


def record_for_each(kind: EventKind, users: QuerySet[User]) -> None:
    """The same thing happened to all of them, and nobody did it: one statement, for which no row
    leaves the database.
    """
    with connection.cursor() as cursor:
        cursor.execute(*statement_for_each(kind, users))
        metrics.count_event(kind, times=cursor.rowcount)


def statement_for_each(kind: EventKind, users: QuerySet[User]) -> tuple[str, tuple[Any, ...]]:
    """That statement, for who makes it a part of a larger one. Nothing is counted then."""
    table, event = SecurityEvent._meta, _event(kind, None, NOBODY)
    own = {"user_id": "pk", "login_id": "login_id"}
    fields = [field for field in table.concrete_fields if not field.primary_key]
    values = [own.get(field.attname) or _same(field, event) for field in fields]
    select, parameters = users.order_by().values_list(*values).query.sql_with_params()
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'INSERT INTO "{table.db_table}" ({columns}) {select}', parameters


def _same(field: Any, event: SecurityEvent) -> Value:
    return Value(field.pre_save(event, add=True), output_field=field)


def _count_with_its_like(event: SecurityEvent, visitor: Visitor) -> None:
    facts = (event.kind, event.login_id, visitor.network, event.browser)
    words = (event.device_name, event.method, event.detail)
    minute = f"{timezone.now():%Y-%m-%dT%H:%M}"
    event.alike = hashlib.sha256(json.dumps((*facts, *words, minute)).encode()).hexdigest()
    if SecurityEvent.objects.once_more(event.alike):
        return
    try:
        with transaction.atomic():
            event.save()
    except IntegrityError:
        # Another one was first by a moment.
        SecurityEvent.objects.once_more(event.alike)


def _event(kind: EventKind, user: User | None, visitor: Visitor, **words: str) -> SecurityEvent:
    return SecurityEvent(
        kind=kind,
        user=user,
        login_id=user.login_id if user else "",
        address=visitor.address or None,
        browser=visitor.browser,
        **words,
    )
