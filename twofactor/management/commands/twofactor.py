"""`manage.py twofactor status|reset|backup-codes LOGIN_ID`: an account's second factor."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit, people
from accounts.models import User
from twofactor import backup_codes, methods


class Command(BaseCommand):
    help = "Shows an account's second factor, resets it, or makes new backup codes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["status", "reset", "backup-codes"])
        parser.add_argument("login_id")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = people.by_login_id(options["login_id"])
        except people.NoSuchAccount as error:
            raise CommandError(str(error)) from error
        act = {"status": _status, "reset": _reset, "backup-codes": _backup_codes}
        facts, words = act[options["action"]](user)
        self.stdout.write(json.dumps(facts, indent=2) if options["json"] else words)


def _status(user: User) -> tuple[dict[str, Any], str]:
    overview = methods.overview(user)
    facts = {
        "login": user.login_id,
        "enabled": overview.enabled,
        "devices": [device.name for device in overview.devices],
        "security_keys": [key.name for key in overview.security_keys],
        "otp_apps": [app.name for app in overview.otp_apps],
        "backup_codes_left": overview.backup_codes_left,
        "must_enrol": user.must_enrol,
    }
    return facts, f"{user.login_id}: {overview.sentence}"


def _reset(user: User) -> tuple[dict[str, Any], str]:
    code = methods.reset(user, by="command line")
    words = (
        f"All devices of {user.login_id} are unlinked and all sessions ended.\n"
        f"One-time code, good once and for one hour: {code}\n"
        "After the password the account asks for it, and then for a new device."
    )
    return {"login": user.login_id, "code": code}, words


def _backup_codes(user: User) -> tuple[dict[str, Any], str]:
    if not methods.enabled(user):
        raise CommandError(f"{user.login_id} has no method, so it needs no backup codes.")
    backup_codes.generate(user, visitor=audit.NOBODY)
    codes = backup_codes.readable(user) or []
    return {"login": user.login_id, "codes": codes}, "\n".join(codes)
