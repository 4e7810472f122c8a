"""Shuts an account against whoever may be in it besides its owner; the owner goes on by mail.

It lets nobody in and takes no factor away. The password opens nothing from now on: to ask for a
new one behind it would leave the choice to whoever comes first. The new one comes by mail, and
the second step is asked beside it as ever.
"""

from django.db import transaction

from accounts import audit, notices, passwords, people, signals
from accounts.mail_models import AddressChangeState
from accounts.models import EventKind, SignIn, User
from accounts.visitors import Visitor


def lock(user: User, *, visitor: Visitor, detail: str) -> None:
    """Ends all sessions, pending logins, approvals and changes under way; forgets the browsers."""
    with transaction.atomic():
        locked = people.locked(user.pk)
        passwords.shut(locked)
        locked.must_change_password = True
        locked.security_epoch += 1
        locked.save(update_fields=["must_change_password", "password", "security_epoch"])
        locked.address_changes.filter(state=AddressChangeState.PENDING).update(
            state=AddressChangeState.WITHDRAWN
        )
        locked.sign_ins.all().delete()
        locked.known_browsers.all().delete()
    signals.sessions_changed.send(sender=SignIn, user_id=user.pk)
    audit.record(EventKind.NOT_ME, user=user, visitor=visitor, detail=detail)
    notices.send("locked", user, visitor=visitor, page="/password/reset/")
