"""Finds an account: the one that an administrator names, and the one whose rows are to change."""

from uuid import UUID

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
    account: User = User.objects.select_for_update(no_key=True).get(pk=user_id)
    return account


def hold(user_id: UUID) -> None:
    """The lock of `locked`, for those who need nothing else of the account."""
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=user_id)
