"""`manage.py vapid_keys`: makes the key pair for Web Push (RFC 8292) in the data directory."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from devices import p256
from devices.protocol import b64


class Command(BaseCommand):
    help = "Makes the Web Push key pair and prints its public half."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="replace it; browsers must then subscribe anew"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.DATA_DIR / "keys" / "vapid_key"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if options["force"]:
            path.unlink(missing_ok=True)
        private = p256.generate()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise CommandError(f"{path} exists. To replace it, add --force.") from error
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{b64(p256.private_to_bytes(private))}\n")
        self.stdout.write(b64(p256.public_bytes(private)))
