"""What Celery beat runs. It tidies and tells; nothing is refused or allowed because of it."""

from collections.abc import Callable

from celery import shared_task
from django.conf import settings

from accounts import batches, clock, known_browsers, mailed_links, sign_ins, throttling
from accounts.sessions import SessionStore
from devices import authentication, enrolment
from twofactor import backup_codes, ceremonies, challenges, otp_apps, overdue, reminders
from twofactor.models import ExpiryRun

BATCH = 1000
MOST_BATCHES = 400


@shared_task
def expire_overdue_challenges() -> dict[str, int]:
    """Marks what is overdue, deletes what is old, in batches; returns how many of each.

    Safe to run twice at once, late, or never.
    """
    kept_from = clock.now() - settings.KAUTH_CHALLENGES_KEPT
    counts = {
        "challenges_expired": _in_batches(overdue.end),
        "offers_ended": _in_batches(enrolment.end_overdue),
        "challenges_deleted": _in_batches(lambda limit: challenges.prune(kept_from, limit)),
        "backup_codes_hidden": backup_codes.put_away_overdue(),
        "otp_setups_deleted": otp_apps.forget_unconfirmed(),
        "key_ceremonies_deleted": ceremonies.forget_old(),
        "nonces_deleted": authentication.forget_nonces(),
        "throttles_deleted": throttling.forget_old(),
        "sign_ins_deleted": sign_ins.forget_old(),
        "mailed_links_deleted": mailed_links.forget_old(),
        "known_browsers_deleted": known_browsers.forget_old(),
    }
    SessionStore.clear_expired()
    ExpiryRun.objects.update_or_create(pk=1, defaults={"ran_at": clock.now()})
    return counts


@shared_task
def send_policy_reminders() -> int:
    """Mails whoever a policy will soon require 2FA of; returns how many. Safe to run twice."""
    return reminders.send_due()


def _in_batches(step: Callable[[int], int]) -> int:
    return batches.repeat(step, size=BATCH, most=MOST_BATCHES)
