"""The change of a login ID: asked for by the person, confirmed at both addresses, and undone
from the old one.

A session that somebody left open cannot carry the account away: without the old mailbox nothing
changes, and for a week that mailbox takes the account back.
"""

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from accounts import audit, clock, mailed_links, notices, people, tasks, throttling
from accounts.mail_models import AddressChange, AddressChangeState, LinkPurpose, MailedLink
from accounts.mailed_links import Over
from accounts.models import EventKind, User
from accounts.visitors import Visitor

LIFETIME = tasks.ADDRESS_LIFETIME
UNDO = tasks.NOT_ME_LIFETIME
CONFIRMED = {
    LinkPurpose.OLD_ADDRESS: "old_confirmed_at",
    LinkPurpose.NEW_ADDRESS: "new_confirmed_at",
}


def ask(user: User, new: str, *, visitor: Visitor) -> AddressChange:
    """Mails a link to both addresses; an earlier wish is withdrawn. Raises Throttled.

    Whether `new` belongs to another account is told to its mailbox only.
    """
    throttling.reserve(f"address:account:{user.pk}", throttling.RESETS)
    with transaction.atomic():
        asking = people.locked(user.pk)
        _withdraw(user)
        now = clock.now()
        change = AddressChange.objects.create(
            user=user,
            old=asking.login_id,
            new=new,
            epoch=asking.security_epoch,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    audit.record(EventKind.ADDRESS_ASKED, user=user, visitor=visitor, detail=str(change))
    notices.send_address_links(change, visitor=visitor)
    return change


def open_change(user: User) -> AddressChange | None:
    """The change that waits to be confirmed, if its time is not over."""
    return _open().filter(user=user).first()


def withdraw(user: User, *, visitor: Visitor) -> None:
    """The person does not want it any more."""
    if _withdraw(user):
        audit.record(EventKind.ADDRESS_WITHDRAWN, user=user, visitor=visitor)


def change_of(link: MailedLink) -> AddressChange | None:
    return AddressChange.objects.filter(pk=link.subject, user=link.user).first()


def confirm(link: MailedLink, *, visitor: Visitor) -> bool:
    """Says yes at the address that `link` was mailed to; True when it was the second yes.

    With it the login ID is the new one and every session ends. Raises Over.
    """
    with transaction.atomic():
        # The lock makes two confirmations at once take turns: the later one completes.
        user = people.locked(link.user_id)
        if not mailed_links.use(link):
            raise Over
        side = CONFIRMED[LinkPurpose(link.purpose)]
        confirmed = _open().filter(pk=link.subject, user=user).update(**{side: Now()})
        if not confirmed:
            raise Over
        change = AddressChange.objects.get(pk=link.subject)
        done = bool(change.old_confirmed_at and change.new_confirmed_at)
        if done:
            _move(user, change)
    if done:
        audit.record(EventKind.ADDRESS_CHANGED, user=user, visitor=visitor, detail=str(change))
        notices.send_address_changed(change, visitor=visitor)
    return done


def take_back(link: MailedLink, *, visitor: Visitor) -> None:
    """The old address is the login ID again, whatever it was changed to since. Raises Over.

    Call it in the transaction that uses `link` up.
    """
    user = people.locked(link.user_id)
    undone = AddressChange.objects.filter(
        pk=link.subject, user=user, state=AddressChangeState.DONE, done_at__gt=Now() - UNDO
    ).update(state=AddressChangeState.UNDONE)
    if not undone:
        raise Over
    change = AddressChange.objects.get(pk=link.subject)
    # Who got hold of the account and moved it on must not move it back there.
    later = AddressChange.objects.filter(user=user, done_at__gte=change.done_at)
    later.update(state=AddressChangeState.UNDONE)
    _rename(user, change.old)
    audit.record(EventKind.ADDRESS_RESTORED, user=user, visitor=visitor, detail=str(change))


def is_taken(address: str, *, by_others_than: User) -> bool:
    """Whether `address` is another account's, or may become it again by an undoing."""
    theirs = User.objects.exclude(pk=by_others_than.pk).filter(login_id=address)
    kept = AddressChange.objects.exclude(user=by_others_than).filter(
        old=address, state=AddressChangeState.DONE, done_at__gt=clock.now() - UNDO
    )
    return theirs.exists() or kept.exists()


def _open() -> QuerySet[AddressChange]:
    """Those that still can be confirmed; the account is as it was when they were asked for."""
    unchanged = User.objects.filter(
        pk=OuterRef("user_id"), is_active=True, security_epoch=OuterRef("epoch")
    )
    return AddressChange.objects.filter(
        Exists(unchanged), state=AddressChangeState.PENDING, expires_at__gt=Now()
    )


def _withdraw(user: User) -> int:
    pending = AddressChange.objects.filter(user=user, state=AddressChangeState.PENDING)
    return pending.update(state=AddressChangeState.WITHDRAWN)


def _move(user: User, change: AddressChange) -> None:
    """Raises Over when the address is another account's by now."""
    if is_taken(change.new, by_others_than=user):
        raise Over
    AddressChange.objects.filter(pk=change.pk).update(state=AddressChangeState.DONE, done_at=Now())
    _rename(user, change.new)
    user.sign_ins.all().delete()
    change.refresh_from_db()


def _rename(user: User, login_id: str) -> None:
    """Every session, pending login and approval ends, and links to a new password are void."""
    user.login_id = login_id
    user.security_epoch += 1
    try:
        with transaction.atomic():
            user.save(update_fields=["login_id", "security_epoch"])
    except IntegrityError:
        raise Over from None
