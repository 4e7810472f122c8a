"""`manage.py rotate_keys`: seals every stored secret anew under the newest key.

Exit codes: 0 all are sealed, 1 the seal of some is broken, and which.
"""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from twofactor import key_rotation


class Command(BaseCommand):
    help = "Re-encrypts stored secrets under the first of KAUTH_FIELD_KEYS. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        done = key_rotation.rotate()
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2))
        else:
            for name, count in done.sealed.items():
                self.stdout.write(f"{name}: {count} sealed anew")
        if done.broken:
            rows = "\n".join(f"  {row}" for row in done.broken)
            raise CommandError(
                f"These open with none of the keys in KAUTH_FIELD_KEYS:\n{rows}\n"
                "Put the key back that sealed them and run this again. If none is missing, "
                "somebody has changed the rows: let these people link and make codes anew."
            )
