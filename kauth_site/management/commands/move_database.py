"""`manage.py move_database`: from SQLite to the database of DATABASE_URL, links and all."""

from argparse import ArgumentParser
from typing import Any

import dj_database_url
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kauth_site import moving


class Command(BaseCommand):
    help = "Copies everything from another database into the empty one of DATABASE_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from",
            dest="source",
            metavar="URL",
            default=f"sqlite:///{settings.DATA_DIR / 'kauth.sqlite3'}",
            help="the old database; default: that of the embedded mode, in the data directory",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source: dict[str, Any] = dict(dj_database_url.parse(options["source"]))
        is_file = source["ENGINE"] == "django.db.backends.sqlite3"
        if source["NAME"] == settings.DATABASES["default"]["NAME"]:
            raise CommandError("Set DATABASE_URL to the new database. Nothing was moved.")
        source["OPTIONS"] = settings.SQLITE_OPTIONS if is_file else {}
        try:
            moved = moving.move(source, self.stdout.write)
        except moving.CannotMove as reason:
            raise CommandError(f"{reason} Nothing was moved.") from None
        self.stdout.write(f"{moved} rows were moved. The old database is as it was.")
