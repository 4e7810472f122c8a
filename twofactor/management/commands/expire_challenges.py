"""`manage.py expire_challenges`: what Celery beat runs, by hand."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from twofactor.tasks import expire_overdue_challenges


class Command(BaseCommand):
    # Beat's run has none either, and they take longer than most runs.
    requires_system_checks = ()
    help = "Marks what is overdue and deletes what is old."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = expire_overdue_challenges()
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        for name, count in counts.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {count}")
