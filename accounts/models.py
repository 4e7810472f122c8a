"""People, their browsers, and what happened to them. Holds rows; decides nothing."""

import unicodedata
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import hidden_characters
from accounts.browser_models import KnownBrowser
from accounts.mail_models import AddressChange, MailedLink
from accounts.policy_models import Policy
from accounts.seal_models import EventSeal, LogHead
from accounts.session_models import Session, SessionManager, SignIn

# Django looks for models in this module.
__all__ = [
    "AddressChange",
    "EventSeal",
    "KnownBrowser",
    "LogHead",
    "MailedLink",
    "Policy",
    "Session",
    "SessionManager",
    "SignIn",
]

DETAIL_SIZE = 400
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def canonical_login_id(text: str) -> str:
    """The one form of a login ID: NFKC, case folded (Unicode toNFKC_Casefold), trimmed.

    Every look-up and every counter uses this form, so that no spelling has an account or a
    throttle of its own.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    return unicodedata.normalize("NFKC", folded)


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> models.QuerySet["User"]:
        """Whoever is read brings along whether a policy is to be asked for: see accounts.policies.

        In the same statement, so that an account without one costs no query more.
        """
        policies = Policy.objects.filter(group__user=models.OuterRef("pk"))
        known = {"under_policy": models.Exists(policies)}
        return super().get_queryset().annotate(**known)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(login_id=canonical_login_id(username or ""))

    def create_user(self, login_id: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(login_id=canonical_login_id(login_id), **fields)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user

    def create_superuser(self, login_id: str, password: str, **fields: Any) -> "User":
        return self.create_user(login_id, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Their login ID is an e-mail address, kept in its canonical form."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    login_id = models.EmailField(_("login ID"), unique=True, validators=[hidden_characters.refuse])
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    # Counts up whenever all that was started before must end: sessions, pending logins, approvals.
    security_epoch = models.PositiveIntegerField(default=0, editable=False)
    must_change_password = models.BooleanField(default=False)
    # Set when the second factor was reset: the account must link a device before anything else.
    must_enrol = models.BooleanField(default=False)
    # Whether a group of the account has a policy; None is: not known, so ask.
    under_policy: bool | None = None

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "login_id"
    EMAIL_FIELD = "login_id"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def clean(self) -> None:
        super().clean()
        self.login_id = canonical_login_id(self.login_id)

    def get_short_name(self) -> str:
        return self.login_id

    def get_full_name(self) -> str:
        return self.login_id

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Ties every session to the password and the epoch: changing either ends them all."""
        return salted_hmac(
            "accounts.User.session",
            f"{self.password}:{self.security_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class Throttle(models.Model):
    """A counter of attempts on one thing by one route; see accounts.throttling."""

    key = models.CharField(max_length=120, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    blocked_until = models.DateTimeField(default=LONG_AGO)
    updated_at = models.DateTimeField(default=LONG_AGO)

    def __str__(self) -> str:
        return self.key


class EventKind(models.TextChoices):
    ACCOUNT_CHANGED = "account_changed", _("Account changed by an administrator")
    ROLE_CHANGED = "role_changed", _("Rights of a group changed by an administrator")
    EXPORTED = "exported", _("List downloaded by an administrator")
    SIGNED_UP = "signed_up", _("Account made")
    PASSWORD_RIGHT = "password_right", _("Password right")
    PASSWORD_WRONG = "password_wrong", _("Password not right")
    THROTTLED = "throttled", _("Too many tries")
    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_REFUSED = "sign_in_refused", _("Sign-in refused")
    SIGNED_OUT = "signed_out", _("Signed out")
    SESSION_ENDED = "session_ended", _("Signed out of other browsers")
    BROWSER_FORGOTTEN = "browser_forgotten", _("Known browser forgotten")
    REAUTHENTICATED = "reauthenticated", _("Confirmed again who you are")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    PASSWORD_RESET_ASKED = "password_reset_asked", _("Password reset asked for")
    PASSWORD_RESET = "password_reset", _("Password reset")
    LINK_OFFERED = "link_offered", _("Linking started")
    DEVICE_CLAIMED = "device_claimed", _("Device asks to be linked")
    DEVICE_LINKED = "device_linked", _("Device linked")
    DEVICE_REFUSED = "device_refused", _("Device not linked")
    DEVICE_RENAMED = "device_renamed", _("Device renamed")
    DEVICE_REMOVED = "device_removed", _("Device removed")
    DEVICE_CALL_REFUSED = "device_call_refused", _("Device call refused")
    METHOD_ADDED = "method_added", _("Method added")
    METHOD_RENAMED = "method_renamed", _("Method renamed")
    METHOD_REMOVED = "method_removed", _("Method removed")
    TWO_FACTOR_ON = "two_factor_on", _("Two-factor authentication on")
    TWO_FACTOR_OFF = "two_factor_off", _("Two-factor authentication off")
    TWO_FACTOR_RESET = "two_factor_reset", _("Two-factor authentication reset")
    REQUEST_SENT = "request_sent", _("Sign-in request sent")
    REQUEST_PAUSED = "request_paused", _("Sign-in request held back")
    REQUEST_APPROVED = "request_approved", _("Sign-in request approved")
    REQUEST_DENIED = "request_denied", _("Sign-in request denied")
    REQUEST_REPORTED = "request_reported", _("Sign-in request reported: it was not you")
    REQUEST_FAILED = "request_failed", _("Wrong number for a sign-in request")
    REQUEST_CANCELLED = "request_cancelled", _("Sign-in request cancelled")
    REQUEST_EXPIRED = "request_expired", _("Sign-in request not answered in time")
    ANSWER_REFUSED = "answer_refused", _("Answer refused")
    CODE_ACCEPTED = "code_accepted", _("One-time code accepted")
    CODE_WRONG = "code_wrong", _("One-time code not right")
    KEY_ACCEPTED = "key_accepted", _("Security key accepted")
    KEY_REFUSED = "key_refused", _("Security key refused")
    KEY_COPIED = "key_copied", _("Security key refused: there may be a copy of it")
    BACKUP_CODES_MADE = "backup_codes_made", _("Backup codes made")
    BACKUP_CODES_SAVED = "backup_codes_saved", _("Backup codes put away")
    BACKUP_CODE_USED = "backup_code_used", _("Backup code used")
    BACKUP_CODE_WRONG = "backup_code_wrong", _("Backup code not right")
    HELPDESK_CODE_MADE = "helpdesk_code_made", _("Help-desk code made")
    HELPDESK_CODE_USED = "helpdesk_code_used", _("Help-desk code used")
    HELPDESK_CODE_WRONG = "helpdesk_code_wrong", _("Help-desk code not right")
    HELPDESK_CODE_REFUSED = "helpdesk_code_refused", _("Help-desk code not made")
    CHANGE_REFUSED = "change_refused", _("Change refused: the device is new")
    DEVICE_VETOED = "device_vetoed", _("New device turned away")
    METHOD_VETOED = "method_vetoed", _("New method turned away")
    VETO_REFUSED = "veto_refused", _("A link to turn away a device was opened that is over")
    ADDRESS_ASKED = "address_asked", _("Change of the e-mail address asked for")
    ADDRESS_CHANGED = "address_changed", _("E-mail address changed")
    ADDRESS_WITHDRAWN = "address_withdrawn", _("Change of the e-mail address withdrawn")
    ADDRESS_RESTORED = "address_restored", _("E-mail address taken back")
    LINK_REFUSED = "link_refused", _("A mailed link was opened that is over")
    NOT_ME = "not_me", _("Account locked down: it was not you")
    AWAY = "away", _("Away: no request reaches the devices")
    BACK_AGAIN = "back_again", _("Back again: devices are asked")
    METHOD_NOT_ALLOWED = "method_not_allowed", _("Method not allowed by a policy")
    POLICY_CHANGED = "policy_changed", _("Policy of a group changed")
    TAMPERED = "tampered", _("A stored record does not fit its seal")


def event_kinds() -> list[tuple[str, Any]]:
    """The choices by name, so that a new kind needs no migration."""
    return EventKind.choices


class AppendOnlyQuerySet(models.QuerySet["SecurityEvent"]):
    def once_more(self, alike: str) -> int:
        """The one thing about an event that may grow: how often it happened in its minute."""
        return super(AppendOnlyQuerySet, self.filter(alike=alike)).update(times=F("times") + 1)

    def update(self, **fields: Any) -> int:
        raise TypeError("Security events are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Security events are never deleted.")


class SecurityEvent(models.Model):
    """One thing that happened, written once. Names are copied: rows outlive what they name."""

    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField(max_length=30, choices=event_kinds)
    # No constraint and no cascade: evidence stays when the account goes.
    user = models.ForeignKey(
        User,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,  # event_by_user
        related_name="events",
    )
    login_id = models.CharField(max_length=254, blank=True)
    device_name = models.CharField(max_length=64, blank=True)
    method = models.CharField(max_length=20, blank=True)
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=DETAIL_SIZE, blank=True)
    # What somebody else repeats at will is one row a minute: see accounts.audit.
    times = models.PositiveIntegerField(default=1, editable=False)
    alike = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 - unique where set

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Few events have it, and the others are not in its index.
            models.UniqueConstraint(
                fields=["alike"], condition=Q(alike__isnull=False), name="event_alike"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="event_by_user"),
            # Holds all that the figures of the admin's front page ask for.
            models.Index(fields=["kind", "created_at", "method"], name="event_by_kind"),
        ]
        verbose_name = _("security event")
        verbose_name_plural = _("security events")

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M:%S} {self.kind} {self.login_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Security events are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Security events are never deleted.")
