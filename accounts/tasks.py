"""Mail, sent by a worker so that no page waits for a mail server; and the seals of the log."""

from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import audit_seals, batches, mailed_links, reset_links
from accounts.mail_models import AddressChange, LinkPurpose
from accounts.models import User

# No run of the sealing takes for ever; the next one goes on.
MOST_BATCHES = 100
RETRIES = {"bind": True, "max_retries": 5, "default_retry_delay": 30, "expires": 3600}
NOT_ME_LIFETIME = timedelta(days=7)
ADDRESS_LIFETIME = timedelta(hours=1)


@shared_task(**RETRIES)
def send_notice(task: Task, kind: str, user_id: str, facts: dict[str, Any]) -> None:
    """Renders templates/email/<kind>.txt, whose first line is the subject, and mails it."""
    user = User.objects.get(pk=user_id)
    if "link" not in facts:
        facts = {**facts, "link": _not_me(user, kind, facts["subject"])}
    mail(task, kind, user, facts)


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
    return batches.repeat(audit_seals.seal_new, size=audit_seals.BATCH, most=MOST_BATCHES)


@shared_task(**RETRIES)
def send_address_link(task: Task, side: str, change_id: str, facts: dict[str, Any]) -> None:
    """Asks one address of a change. One that is another account's is told, and not asked."""
    change = AddressChange.objects.select_related("user").get(pk=change_id)
    user = change.user
    if side == LinkPurpose.NEW_ADDRESS and User.objects.filter(login_id=change.new).exists():
        link = settings.KAUTH_ORIGIN
        mail(task, "address_taken", user, {**facts, "link": link}, to=change.new)
        return
    confirm = _link(
        settings.ADDRESS_URL, user, LinkPurpose(side), lifetime=ADDRESS_LIFETIME, subject=change_id
    )
    addresses = {"old": change.old, "new": change.new, "confirm": confirm}
    if side == LinkPurpose.NEW_ADDRESS:
        mail(task, "address_confirm_new", user, {**facts, **addresses}, to=change.new)
    else:
        link = _not_me(user, "address_asked", "")
        mail(task, "address_confirm_old", user, {**facts, **addresses, "link": link})


@shared_task(**RETRIES)
def send_way_back(task: Task, change_id: str, facts: dict[str, Any]) -> None:
    """Tells the old address that it is one no more, with the way back."""
    change = AddressChange.objects.select_related("user").get(pk=change_id)
    link = _link(
        settings.NOT_ME_URL,
        change.user,
        LinkPurpose.UNDO_ADDRESS,
        lifetime=NOT_ME_LIFETIME,
        subject=change_id,
    )
    facts = {**facts, "new": change.new, "link": link}
    mail(task, "address_changed", change.user, facts, to=change.old)


def _not_me(user: User, kind: str, subject: str) -> str:
    return _link(
        settings.NOT_ME_URL,
        user,
        LinkPurpose.NOT_ME,
        lifetime=NOT_ME_LIFETIME,
        about=kind,
        subject=subject,
    )


def _link(page: str, user: User, purpose: LinkPurpose, **facts: Any) -> str:
    token = mailed_links.make(user, purpose, **facts)
    return settings.KAUTH_ORIGIN + reverse(page, args=[token])


def mail(task: Task, kind: str, user: User, facts: dict[str, Any], *, to: str = "") -> None:
    """Renders and mails; while the mail server is away `task` is tried again."""
    facts = {**facts, "login_id": user.login_id, "when": datetime.fromisoformat(facts["when"])}
    text = render_to_string(f"email/{kind}.txt", facts)
    subject, _, body = text.strip().partition("\n")
    words = subject.removeprefix("Subject:").strip()
    try:
        send_mail(words, body.strip() + "\n", None, [to or user.login_id])
    except (SMTPException, OSError) as error:
        raise task.retry(exc=error) from error
