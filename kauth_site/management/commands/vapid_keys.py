"""`manage.py vapid_keys`: makes the key pair for Web Push (RFC 8292) in the data directory."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from devices import p256
from devices.protocol import b64, unb64
from kauth_site import secret_files

NAME = "vapid_key"


class Command(BaseCommand):
    help = "Makes the Web Push key pair and prints its public half."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="replace it; browsers must then subscribe anew"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.DATA_DIR / "keys" / NAME
        if path.exists() and not options["force"]:
            raise CommandError(f"{path} exists. To replace it, add --force.")
        secret_files.replace(settings.DATA_DIR, NAME)
        private = p256.private_from_bytes(unb64(secret_files.read(settings.DATA_DIR, NAME)))
        self.stdout.write(b64(p256.public_bytes(private)))
