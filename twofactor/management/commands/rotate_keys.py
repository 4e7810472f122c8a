"""`manage.py rotate_keys`: seals every stored secret anew under the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from devices.sealing import SealBroken
from twofactor import key_rotation


class Command(BaseCommand):
    help = "Re-encrypts stored secrets under the first of KAUTH_FIELD_KEYS. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = key_rotation.rotate()
        except SealBroken as error:
            raise CommandError(
                "A stored secret opens with none of the keys in KAUTH_FIELD_KEYS. "
                "Put the key back that sealed it, then run this again."
            ) from error
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count} sealed anew")
