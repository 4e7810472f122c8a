"""Finds the account that an administrator names, for commands."""

from accounts.models import User, canonical_login_id


class NoSuchAccount(Exception):
    """There is no account with this login ID."""


def by_login_id(login_id: str) -> User:
    user = User.objects.filter(login_id=canonical_login_id(login_id)).first()
    if user is None:
        raise NoSuchAccount(f"There is no account with the login ID {login_id}.")
    return user
