"""Browser sessions, and where people are signed in. Holds rows; decides nothing."""

from importlib import import_module
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SignIn(models.Model):
    """One place where an account is signed in; see accounts.sign_ins."""

    id = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="sign_ins")
    epoch = models.PositiveIntegerField(editable=False)
    browser = models.CharField(max_length=60, blank=True)
    address = models.GenericIPAddressField(null=True)
    # The device that said yes, as django-otp names it, and what it was called then.
    approved_by = models.CharField(max_length=255, blank=True)
    device_name = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    # When it is over, unless it is in use before.
    idle_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("place of sign-in")
        verbose_name_plural = _("places of sign-in")

    def __str__(self) -> str:
        return f"{self.browser} {self.started_at:%Y-%m-%d %H:%M}"


class SessionManager(BaseSessionManager["Session"]):
    use_in_migrations = True


class Session(AbstractBaseSession):
    """A browser session, under the SHA-256 of its key: a stolen table opens no session."""

    session_key = models.CharField(max_length=64, primary_key=True)
    # No constraint: a session whose place of sign-in is gone is over, and its store knows.
    sign_in = models.ForeignKey(
        SignIn, null=True, on_delete=models.CASCADE, db_constraint=False, related_name="+"
    )

    objects: ClassVar[SessionManager] = SessionManager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that the settings name; it knows this model, not the other way round."""
        return import_module(settings.SESSION_ENGINE).SessionStore
