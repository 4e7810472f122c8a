"""What was added after a recovery beside linked devices: new for a day, and turned away like one.

Whoever recovers an account need not be who it belongs to. So their security key, OTP app and backup
codes open the account and change nothing, until those who held it before had a day to say no.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts import clock, people, standing
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import changes, vetoes
from devices.exceptions import Expired
from twofactor import backup_codes, methods
from twofactor.method_models import Method, OtpApp, SecurityKey
from twofactor.models import BackupCodeSet

KINDS: tuple[type[Method], ...] = (OtpApp, SecurityKey)


def mark_new(method: Method, session: UUID | None) -> None:
    """Call it in the transaction that adds `method`. `session` is the public id of the session that
    adds it, if a recovery opened that one: then the older devices are told, and can turn it away.
    """
    if session is None:
        return
    standing.must_stand(session)
    method.new_until = clock.now() + settings.KAUTH_NEW_DEVICE_TIME
    method.recovered_in = session
    method.save(update_fields=["new_until", "recovered_in"])
    if len(methods.overview(method.user).methods) == 1:
        backup_codes.made_with(method, recovered_in=session)
    changes.tell_method_recovered(method.user, method.name, methods.subject_of(method))


def turn_away(method: Method, *, visitor: Visitor, by: str) -> None:
    """Removes a new method, with all else that the same recovery added. Raises Expired."""
    with transaction.atomic():
        people.locked(method.user_id)
        found = type(method).objects.filter(pk=method.pk, new_until__gt=Now()).exists()
        if not found or not methods.remove(method, visitor=visitor, by=by):
            raise Expired
        vetoes.undo_recovery(
            method.recovered_in,
            turned_away=method,
            visitor=visitor,
            by=by,
            kind=EventKind.METHOD_VETOED,
        )


def take_away_added(user: User, session: UUID, *, visitor: Visitor, by: str) -> list[Any]:
    """Removes what is new and was added in this session, and the codes that were read in it."""
    gone: list[Any] = [
        method
        for kind in KINDS
        for method in kind.objects.of(user).filter(recovered_in=session, new_until__gt=Now())
        if methods.remove(method, visitor=visitor, by=by)
    ]
    for code_set in BackupCodeSet.objects.filter(user=user, recovered_in=session):
        backup_codes.discard(user)
        gone.append(code_set)
    return gone
