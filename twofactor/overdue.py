"""Ends questions whose time is over, many at once, each with its event in the log.

Nothing hangs on it: what is overdue is refused whether it is marked or not.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts import audit, clock, metrics
from accounts.models import EventKind, User
from twofactor import challenges
from twofactor.models import Challenge, State

RUNG_AFTER = timedelta(minutes=1)
ENDS_FROM = (State.PENDING, State.APPROVED)

# A challenge, its account, and whether somebody still waits for it.
Ended = tuple[str, UUID, bool]

MARK = """
    UPDATE twofactor_challenge c SET state = %s, ended_at = STATEMENT_TIMESTAMP()
    FROM due WHERE c.id = due.id AND c.state IN (%s, %s)
    RETURNING c.id, c.user_id, c.{time} > STATEMENT_TIMESTAMP() - %s
"""
LOCK_MARK_RECORD = """
    WITH due (id) AS MATERIALIZED ({due}), ended AS ({mark}), recorded AS ({record})
    SELECT * FROM ended
"""


def end(limit: int) -> int:
    """Marks up to `limit` of them and tells who waits; returns how many."""
    ended: list[Ended] = []
    with transaction.atomic():
        for rows, time in (
            (Challenge.objects.unanswered(), "expires_at"),
            (Challenge.objects.unused(), "redeem_until"),
        ):
            if room := limit - len(ended):
                ended += _end(_locked(rows)[:room], time)
        _announce(ended)
    return len(ended)


def _locked(rows: QuerySet[Challenge]) -> QuerySet[Challenge]:
    """The locks keep each row as it was read until it is marked; who holds one decides first.

    Either kind lies in an index of its own. In no order: a batch that sorts looks at all of them.
    """
    return rows.order_by().select_for_update(skip_locked=True)


def _end(due: QuerySet[Challenge], time: str) -> list[Ended]:
    return (_at_once if connection.vendor == "postgresql" else _in_steps)(due, time)


def _at_once(due: QuerySet[Challenge], time: str) -> list[Ended]:
    """One statement, which takes a quarter less than three: no row is looked up twice."""
    # A join, not a list: an account of which two questions ended has two events.
    owners = User.objects.extra(tables=["ended"], where=["ended.user_id = accounts_user.id"])
    locking, limits = due.values("pk").query.sql_with_params()
    recording, facts = audit.statement_for_each(EventKind.REQUEST_EXPIRED, owners)
    statement = LOCK_MARK_RECORD.format(due=locking, mark=MARK.format(time=time), record=recording)
    parameters: list[Any] = [*limits, State.EXPIRED, *ENDS_FROM, RUNG_AFTER, *facts]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        ended: list[Any] = cursor.fetchall()
    metrics.count_event(EventKind.REQUEST_EXPIRED, times=len(ended))
    return ended


def _in_steps(due: QuerySet[Challenge], time: str) -> list[Ended]:
    overdue = list(due.values_list("pk", "user_id", time))
    if overdue:
        named = [challenge for challenge, _, _ in overdue]
        rows = Challenge.objects.filter(pk__in=named, state__in=ENDS_FROM)
        rows.update(state=State.EXPIRED, ended_at=Now())
        owners = User.objects.filter(challenges__in=named)
        audit.record_for_each(EventKind.REQUEST_EXPIRED, owners)
    somebody_waits = clock.now() - RUNG_AFTER
    return [(challenge, user, end > somebody_waits) for challenge, user, end in overdue]


def _announce(ended: list[Ended]) -> None:
    """Nobody waits for a question that ended long ago: pages and devices count down as well."""
    for challenge, user, somebody_waits in ended:
        if somebody_waits:
            challenges.announce(challenge, State.EXPIRED, user)
