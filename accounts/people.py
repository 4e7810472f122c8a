"""Finds an account: the one that an administrator names, and the one whose rows are to change."""

from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, QuerySet, UUIDField
from django.utils import timezone

from accounts import prepared
from accounts.models import User, canonical_login_id


class NoSuchAccount(Exception):
    """There is no account with this login ID."""


def by_login_id(login_id: str) -> User:
    user = User.objects.filter(login_id=canonical_login_id(login_id)).first()
    if user is None:
        raise NoSuchAccount(f"There is no account with the login ID {login_id}.")
    return user


def locked(user_id: UUID) -> User:
    """The account, held until the transaction ends: call it before changing rows of several tables.

    Whoever took a request first and the account after it would wait for one who goes the other
    way, and the other for them. What only refers to the account, as an event does, need not wait.
    """
    account: User = _locked.one(user=user_id)
    return account


def hold(user_id: UUID) -> None:
    """The lock of `locked`, for those who need nothing else of the account."""
    _held.one(user=user_id)


def remember_login(sender: Any, user: User, **_: Any) -> None:
    """In the place of Django's own receiver, which puts its statement together each time."""
    user.last_login = timezone.now()
    _logged_in(user=user.pk, now=user.last_login)


@prepared.update(user=UUIDField(), now=DateTimeField())
def _logged_in(user: Any, now: Any) -> tuple[Any, Any]:
    return User.objects.filter(pk=user), {"last_login": now}


@prepared.rows(user=UUIDField())
def _locked(user: Any) -> QuerySet[User]:
    return User.objects.select_for_update(no_key=True).filter(pk=user)


@prepared.rows(user=UUIDField())
def _held(user: Any) -> QuerySet[User, Any]:
    return User.objects.select_for_update(no_key=True).filter(pk=user).values_list("pk")
