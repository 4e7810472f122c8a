"""`manage.py create_account LOGIN_ID`: the password comes from KAUTH_PASSWORD or standard input."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from accounts.models import EventKind, User


class Command(BaseCommand):
    help = "Makes an account. It links its first device after its first sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login_id", help="the e-mail address")
        parser.add_argument("--staff", action="store_true", help="may open the admin")
        parser.add_argument("--superuser", action="store_true", help="may do everything there")

    def handle(self, *args: Any, **options: Any) -> None:
        password = settings.KAUTH_NEW_ACCOUNT_PASSWORD or _ask_password()
        try:
            validate_password(password, User(login_id=options["login_id"]))
            user = User.objects.create_user(
                options["login_id"],
                password,
                is_staff=options["staff"] or options["superuser"],
                is_superuser=options["superuser"],
            )
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        audit.record(EventKind.SIGNED_UP, user=user, detail="create_account")
        self.stdout.write(f"The account {user.login_id} is made.")


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Password again: ") != password:
        raise CommandError("The two passwords differ. Nothing is made.")
    return password
