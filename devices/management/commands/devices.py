"""`manage.py devices list|revoke`: linked devices, from the shell."""

import json
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from accounts.models import canonical_login_id
from devices import enrolment
from devices.models import Device


class Command(BaseCommand):
    help = "Lists the linked devices of an account or of all, or unlinks one or all of an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="show linked devices")
        listing.add_argument("who", nargs="?", help="a login ID or the id of a device")
        revoking = actions.add_parser("revoke", help="unlink a device, or all of an account")
        revoking.add_argument("who", help="a login ID or the id of a device")
        for action in (listing, revoking):
            action.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        found = _find(options["who"])
        if options["action"] == "revoke":
            if not found:
                raise CommandError(f"No linked device fits {options['who']}.")
            for device in found:
                enrolment.revoke(device, visitor=audit.NOBODY, by="command line")
        self._show(found, options)

    def _show(self, found: list[Device], options: dict[str, Any]) -> None:
        rows = [_describe(device) for device in found]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
            return
        done = "Unlinked: " if options["action"] == "revoke" else ""
        for row in rows:
            self.stdout.write(f"{done}{row['login']}  {row['name']}  {row['device']}")
        if not rows:
            self.stdout.write("No linked device.")


def _find(who: str | None) -> list[Device]:
    active = Device.objects.active().select_related("user")
    if who is None:
        return list(active)
    try:
        return list(active.filter(public_id=uuid.UUID(who)))
    except ValueError:
        return list(active.filter(user__login_id=canonical_login_id(who)))


def _describe(device: Device) -> dict[str, Any]:
    used = device.last_used_at
    return {
        "device": str(device.public_id),
        "login": device.user.login_id,
        "name": device.name,
        "platform": device.platform,
        "linked": device.created_at.isoformat(),
        "last_used": used.isoformat() if used else None,
    }
