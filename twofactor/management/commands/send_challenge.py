"""`manage.py send_challenge LOGIN_ID`: asks a person's devices, and waits for the answer.

Exit codes: 0 approved, 1 denied (or not asked), 2 expired, 3 no device, 130 interrupted.
"""

import secrets
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit, people
from accounts.models import User
from devices import protocol
from twofactor import challenges, methods
from twofactor.exceptions import NotApproved, Paused
from twofactor.models import Challenge, Purpose, State

APPROVED, DENIED, EXPIRED, NO_DEVICE = 0, 1, 2, 3
INTERRUPTED = 130  # as shells have it
ASK_EVERY = 0.5


class Command(BaseCommand):
    help = "Asks a person's devices: exit 0 approved, 1 denied, 2 expired, 3 no device."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login_id")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = people.by_login_id(options["login_id"])
        except people.NoSuchAccount as error:
            raise CommandError(str(error)) from error
        if not methods.has_device(user):
            self.stderr.write(f"{user.login_id} has no linked device.")
            sys.exit(NO_DEVICE)
        sys.exit(self._ask(user))

    def _ask(self, user: User) -> int:
        binding = protocol.sha256(secrets.token_bytes(32)).hex()
        try:
            challenge = challenges.issue(
                user=user,
                purpose=Purpose.ACTION,
                binding=binding,
                visitor=audit.NOBODY,
                known_browser=None,
                service="Command line",
            )
        except Paused as pause:
            self.stderr.write(f"The devices are not asked again before {pause.until:%H:%M:%S} UTC.")
            return DENIED
        if challenge.number:
            self.stdout.write(f"The number to type on the device: {challenge.number}")
            self.stdout.flush()
        try:
            return self._wait(challenge, user, binding)
        except KeyboardInterrupt:
            challenges.cancel(challenge_id=challenge.pk, binding=binding, visitor=audit.NOBODY)
            self.stderr.write("The question is taken back.")
            return INTERRUPTED

    def _wait(self, challenge: Challenge, user: User, binding: str) -> int:
        """Asks the database, which is the authority, until the question is over."""
        while Challenge.objects.open().filter(pk=challenge.pk).exists():
            time.sleep(ASK_EVERY)
        try:
            challenges.consume(challenge_id=challenge.pk, user=user, binding=binding)
        except NotApproved:
            challenge.refresh_from_db()
            expired = challenge.state in (State.PENDING, State.EXPIRED)
            self.stdout.write("Nobody answered in time." if expired else "Not approved.")
            return EXPIRED if expired else DENIED
        self.stdout.write("Approved.")
        return APPROVED
