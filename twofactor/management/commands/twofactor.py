"""`manage.py twofactor status|reset|backup-codes|helpdesk-code LOGIN_ID`: the second factor."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit, people
from accounts.models import User
from twofactor import backup_codes, methods
from twofactor.exceptions import NothingToRecover

BY = "command line"
Told = tuple[dict[str, Any], str]


class Command(BaseCommand):
    help = "Shows an account's second factor, resets it, or makes backup codes or a help-desk code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=[*ACTIONS])
        parser.add_argument("login_id")
        parser.add_argument("--reason", default="", help="why a help-desk code is made")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = people.by_login_id(options["login_id"])
        except people.NoSuchAccount as error:
            raise CommandError(str(error)) from error
        facts, words = ACTIONS[options["action"]](user, options["reason"])
        self.stdout.write(json.dumps(facts, indent=2) if options["json"] else words)


def _status(user: User, reason: str) -> Told:
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


def _reset(user: User, reason: str) -> Told:
    code = methods.reset(user, by=BY)
    words = (
        f"All devices of {user.login_id} are unlinked and all sessions ended.\n"
        f"Help-desk code, good once and for one hour: {code}\n"
        "After the password the account asks for it, and then for a new device."
    )
    return {"login": user.login_id, "code": code}, words


def _backup_codes(user: User, reason: str) -> Told:
    if not methods.enabled(user):
        raise CommandError(f"{user.login_id} has no method, so it needs no backup codes.")
    backup_codes.generate(user, visitor=audit.NOBODY)
    codes = backup_codes.readable(user) or []
    return {"login": user.login_id, "codes": codes}, "\n".join(codes)


def _helpdesk_code(user: User, reason: str) -> Told:
    if not reason.strip():
        raise CommandError("Say why, with --reason.")
    try:
        code = methods.recover(user, by=BY, reason=reason, visitor=audit.NOBODY)
    except NothingToRecover as error:
        raise CommandError(f"{user.login_id} has no method, so it needs no code.") from error
    words = (
        f"Help-desk code for {user.login_id}, good once and for one hour: {code}\n"
        "After the password it opens the linking of a device, and nothing else."
    )
    return {"login": user.login_id, "code": code}, words


ACTIONS: dict[str, Callable[[User, str], Told]] = {
    "status": _status,
    "reset": _reset,
    "backup-codes": _backup_codes,
    "helpdesk-code": _helpdesk_code,
}
