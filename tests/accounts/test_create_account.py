"""`manage.py create_account`."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


def test_the_password_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    call_command("create_account", "Bob@Example.org", stdout=io.StringIO())
    user = User.objects.get(login_id="bob@example.org")
    assert user.check_password(PASSWORD)
    assert not user.is_staff


def test_a_superuser_is_staff(settings: Any) -> None:
    settings.KAUTH_NEW_ACCOUNT_PASSWORD = PASSWORD
    call_command("create_account", "root@example.org", "--superuser", stdout=io.StringIO())
    assert User.objects.filter(is_staff=True, is_superuser=True).exists()


@pytest.mark.parametrize(("login_id", "password"), [("x@example.org", "short"), ("x", PASSWORD)])
def test_what_does_not_fit_is_said_and_nothing_is_made(
    settings: Any, login_id: str, password: str
) -> None:
    settings.KAUTH_NEW_ACCOUNT_PASSWORD = password
    with pytest.raises(CommandError):
        call_command("create_account", login_id)
    assert not User.objects.exists()
