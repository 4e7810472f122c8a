"""The first factor: checks, changes and resets passwords. A reset never touches the second one."""

from django.contrib.auth.hashers import (
    UNUSABLE_PASSWORD_PREFIX,
    check_password,
    make_password,
)
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from accounts import audit, notices, throttling
from accounts.models import EventKind, KnownBrowser, User, canonical_login_id
from accounts.throttling import Throttled
from accounts.visitors import Visitor


class NotRight(Exception):
    """Unknown, inactive, wrong or too many tries: one refusal for all, in the same time."""


def find(login_id: str) -> User | None:
    return User.objects.filter(login_id=canonical_login_id(login_id)).first()


def check(
    *,
    login_id: str,
    password: str,
    visitor: Visitor,
    known_browser: KnownBrowser | None = None,
) -> User:
    """The active user with this password; raises NotRight. Always costs one password hash."""
    user = find(login_id)
    counters = _counters(login_id, visitor, known_browser)
    try:
        for key, limit in counters:
            throttling.reserve(key, limit)
    except Throttled:
        make_password(password)
        audit.record(EventKind.THROTTLED, user=user, visitor=visitor, method="password")
        raise NotRight from None
    if user is None or not user.is_active:
        make_password(password)
        right = False
    else:
        right = user.check_password(password)
    if not right or user is None:
        audit.record(EventKind.PASSWORD_WRONG, user=user, visitor=visitor, method="password")
        raise NotRight
    _settle(counters)
    return user


def change(user: User, new_password: str, *, visitor: Visitor, kind: EventKind) -> None:
    """Sets the password and ends every session, pending login and approval of before."""
    with transaction.atomic():
        user.set_password(new_password)
        user.must_change_password = False
        user.security_epoch = F("security_epoch") + 1
        user.save(update_fields=["password", "must_change_password", "security_epoch"])
        user.refresh_from_db()
    audit.record(kind, user=user, visitor=visitor)
    notices.send("password_changed", user, visitor=visitor)


def shut(user: User) -> None:
    """The password opens nothing any more; which one it was is still known. The caller saves."""
    if user.has_usable_password():
        user.password = f"{UNUSABLE_PASSWORD_PREFIX}{user.password}"


def is_the_old(user: User, password: str) -> bool:
    """Whether it is the password of now, or the one that was shut."""
    return check_password(password, user.password.removeprefix(UNUSABLE_PASSWORD_PREFIX))


def send_reset(*, login_id: str, visitor: Visitor) -> None:
    """Mails a one-hour link, if there is such an account. Tells nobody whether there is.

    Raises Throttled when this network or this account asked too often.
    """
    user = find(login_id)
    throttling.reserve(f"reset:network:{visitor.network}", throttling.RESETS)
    throttling.reserve(f"reset:account:{_digest(login_id)}", throttling.RESETS)
    audit.record(EventKind.PASSWORD_RESET_ASKED, user=user, visitor=visitor)
    # Handed over for everybody: whether there is an account is found out behind the answer.
    notices.send_reset_link(user, visitor=visitor)


def _counters(
    login_id: str, visitor: Visitor, known_browser: KnownBrowser | None
) -> list[tuple[str, throttling.Limit]]:
    """A known browser has a bucket of its own: a flood from elsewhere cannot shut it out."""
    if known_browser is not None:
        return [(f"password:browser:{known_browser.pk}", throttling.PASSWORD_OF_ACCOUNT)]
    return [
        (f"password:account:{_digest(login_id)}", throttling.PASSWORD_OF_ACCOUNT),
        (f"password:network:{visitor.network}", throttling.PASSWORD_FROM_NETWORK),
    ]


def _settle(counters: list[tuple[str, throttling.Limit]]) -> None:
    (own, _), *networks = counters
    throttling.clear(own)
    for key, _ in networks:
        throttling.refund(key)


def _digest(login_id: str) -> str:
    """Known or not, every login ID has a counter. It is named by a keyed digest, since people
    mistype their passwords into this field, and a stolen table must not tell them.
    """
    return salted_hmac(
        "accounts.passwords.counter", canonical_login_id(login_id), algorithm="sha256"
    ).hexdigest()
