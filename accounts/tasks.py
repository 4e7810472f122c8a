"""Mail, sent by a worker so that no page waits for a mail server."""

from datetime import datetime
from smtplib import SMTPException
from typing import Any

from celery import Task, shared_task
from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts.models import User


@shared_task(bind=True, max_retries=5, default_retry_delay=30, expires=3600)
def send_notice(task: Task, kind: str, user_id: str, facts: dict[str, Any]) -> None:
    """Renders templates/email/<kind>.txt, whose first line is the subject, and mails it."""
    user = User.objects.get(pk=user_id)
    facts["when"] = datetime.fromisoformat(facts["when"])
    text = render_to_string(f"email/{kind}.txt", {"login_id": user.login_id, **facts})
    subject, _, body = text.strip().partition("\n")
    try:
        send_mail(
            subject.removeprefix("Subject:").strip(), body.strip() + "\n", None, [user.login_id]
        )
    except (SMTPException, OSError) as error:
        raise task.retry(exc=error) from error
