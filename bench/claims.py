"""How long the server takes to let a device claim a link; run under a site's settings."""

import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauth_site.settings")
django.setup()

from accounts.models import User
from devices import enrolment
from devices.models import EnrolmentState
from tests.people import VISITOR, claim_of
from tests.software_device import SoftwareDevice

ROUNDS = 40


def claim_seconds(user: User) -> float:
    """From the parsed call to the signed answer, the transaction's commit included."""
    offer, token = enrolment.offer(user=user, replaces=None)
    claim = claim_of(SoftwareDevice(), token)
    began = time.perf_counter()
    enrolment.claim(offer, claim, visitor=VISITOR, here=False)
    took = time.perf_counter() - began
    enrolment.end(offer.pk, EnrolmentState.REFUSED)
    return took


if __name__ == "__main__":
    person = User.objects.create_user(f"claims{time.time()}@example.org")
    print(sorted(claim_seconds(person) for _ in range(ROUNDS))[ROUNDS // 2])
