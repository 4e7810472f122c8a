"""“It was not me”: undoes what a mailed notice told of where it can be undone, and locks down.

The link is mailed, so it is worth a mailbox and no more: it takes away, and never lets anybody in
or an account fall back to its password alone (D-40, D-43).
"""

from collections.abc import Callable

from django.db import transaction

from accounts import addresses, lockdown, mailed_links
from accounts.mail_models import LinkPurpose, MailedLink
from accounts.mailed_links import Over
from accounts.models import User
from accounts.visitors import Visitor
from devices.exceptions import Expired
from twofactor import backup_codes, helpdesk_codes, methods, recoveries

BY = "it was not me"

Undo = Callable[[MailedLink, Visitor], None]


def act(link: MailedLink, *, visitor: Visitor) -> None:
    """Once for each link; raises Over. It all happens, or nothing does."""
    with transaction.atomic():
        if not mailed_links.use(link):
            raise Over
        undo = UNDO.get(link.about)
        if link.purpose == LinkPurpose.UNDO_ADDRESS:
            addresses.take_back(link, visitor=visitor)
        elif undo is not None:
            undo(link, visitor)
        user = User.objects.get(pk=link.user_id)
        lockdown.lock(user, visitor=visitor, detail=link.about or link.purpose)


def _remove_method(link: MailedLink, visitor: Visitor) -> None:
    """The method that was added goes. If it was the only one, the account must enrol anew."""
    kind, _, public_id = link.subject.partition(":")
    method = methods.find(link.user, kind, public_id)
    if method is not None:
        methods.take_away(method, visitor=visitor, by=BY)


def _turn_away(link: MailedLink, visitor: Visitor) -> None:
    """With all else that the same recovery added, as long as that is new."""
    kind, _, public_id = link.subject.partition(":")
    method = methods.find(link.user, kind, public_id)
    try:
        if method is not None:
            recoveries.turn_away(method, visitor=visitor, by=BY)
    except Expired:
        _remove_method(link, visitor)


def _demand_method(link: MailedLink, _visitor: Visitor) -> None:
    """Who took the last method away must not find the password alone in its place."""
    if not methods.enabled(link.user):
        methods.demand_enrolment(User.objects.get(pk=link.user_id))


def _discard_codes(link: MailedLink, visitor: Visitor) -> None:
    """Whoever made the codes has read them. Those that came with the first method go with it; but
    without any method they are the only way in, and worth nothing without the new password.
    """
    if link.subject:
        _remove_method(link, visitor)
    elif methods.enabled(link.user):
        backup_codes.discard(link.user)


def _end_helpdesk_code(link: MailedLink, _visitor: Visitor) -> None:
    helpdesk_codes.end(link.user)


UNDO: dict[str, Undo] = {
    "device_linked": _remove_method,
    "method_added": _remove_method,
    "method_recovered": _turn_away,
    "device_removed": _demand_method,
    "method_removed": _demand_method,
    "two_factor_off": _demand_method,
    "backup_codes_made": _discard_codes,
    "helpdesk_code_made": _end_helpdesk_code,
}
