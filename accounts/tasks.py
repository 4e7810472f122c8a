"""Mail, sent by a worker so that no page waits for a mail server; and the seals of the log."""

from datetime import datetime
from smtplib import SMTPException
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts import audit_seals, reset_links
from accounts.models import User

# No run of the sealing takes for ever; the next one goes on.
MOST_BATCHES = 100
RETRIES = {"bind": True, "max_retries": 5, "default_retry_delay": 30, "expires": 3600}


@shared_task(**RETRIES)
def send_notice(task: Task, kind: str, user_id: str, facts: dict[str, Any]) -> None:
    """Renders templates/email/<kind>.txt, whose first line is the subject, and mails it."""
    mail(task, kind, User.objects.get(pk=user_id), facts)


@shared_task(**RETRIES)
def send_reset_link(task: Task, user_id: str, facts: dict[str, Any]) -> None:
    """Mails the way to a new password, if `user_id` is an account that is on.

    The link is made here: the queue never holds it.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None:
        return
    link = f"{settings.KAUTH_ORIGIN}{reset_links.page_for(user)}"
    mail(task, "password_reset", user, {**facts, "link": link})


@shared_task
def seal_log() -> int:
    """Seals what has come since the last run; returns how many. Safe to run twice at once."""
    total = 0
    for _ in range(MOST_BATCHES):
        done = audit_seals.seal_new()
        total += done
        if done < audit_seals.BATCH:
            break
    return total


def mail(task: Task, kind: str, user: User, facts: dict[str, Any]) -> None:
    """Renders and mails; while the mail server is away `task` is tried again."""
    facts = {**facts, "login_id": user.login_id, "when": datetime.fromisoformat(facts["when"])}
    text = render_to_string(f"email/{kind}.txt", facts)
    subject, _, body = text.strip().partition("\n")
    try:
        send_mail(
            subject.removeprefix("Subject:").strip(), body.strip() + "\n", None, [user.login_id]
        )
    except (SMTPException, OSError) as error:
        raise task.retry(exc=error) from error
