"""The question, its answer, and the methods beside it. Holds rows; decides nothing."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device as OTPDevice

from accounts.models import User
from devices.models import Device
from devices.protocol import b64
from twofactor.method_models import KeyCeremony, OtpApp, SecurityKey

# Django looks for models in this module.
__all__ = ["KeyCeremony", "OtpApp", "SecurityKey"]

CHALLENGE_BYTES = 32


def new_challenge_id() -> str:
    return b64(secrets.token_bytes(CHALLENGE_BYTES))


class Purpose(models.TextChoices):
    LOGIN = "login", _("sign-in")
    REAUTH = "reauth", _("confirmation")
    LINK = "link", _("linking a device")
    ACTION = "action", _("an action")


class Match(models.TextChoices):
    TAP = "tap", _("yes or no")
    NUMBER = "number", _("number")


class State(models.TextChoices):
    PENDING = "pending", _("waits for an answer")
    APPROVED = "approved", _("approved")
    CONSUMED = "consumed", _("approved and used")
    DENIED = "denied", _("denied")
    REPORTED = "reported", _("reported: it was not me")
    FAILED = "failed", _("wrong number")
    EXPIRED = "expired", _("not answered in time")
    CANCELLED = "cancelled", _("cancelled")
    SUPERSEDED = "superseded", _("replaced by a newer one")
    REVOKED = "revoked", _("ended with its device")


class ChallengeQuerySet(models.QuerySet["Challenge"]):
    def of(self, user: User) -> "ChallengeQuerySet":
        return self.filter(user=user)

    def open(self) -> "ChallengeQuerySet":
        """Those that still can be answered, by the database's clock."""
        return self.filter(state=State.PENDING, expires_at__gt=Now())

    def overdue(self) -> "ChallengeQuerySet":
        return self.unanswered() | self.unused()

    def unanswered(self) -> "ChallengeQuerySet":
        return self.filter(state=State.PENDING, expires_at__lte=Now())

    def unused(self) -> "ChallengeQuerySet":
        return self.filter(state=State.APPROVED, redeem_until__lte=Now())


class Challenge(models.Model):
    """One question to an account, answered once by any of its devices.

    `binding` is a digest of the session that began the sign-in; only that session may use the
    approval. `context` is the JSON text exactly as every device shows and signs it.
    """

    id = models.CharField(primary_key=True, max_length=43, default=new_challenge_id, editable=False)
    # The three foreign keys have indexes below: each row is written three times within seconds.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="challenges", db_index=False
    )
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    match = models.CharField(max_length=10, choices=Match.choices)
    # Shown on the login page and nowhere else; it never travels towards a device.
    number = models.CharField(max_length=6, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    binding = models.CharField(max_length=64, editable=False)
    epoch = models.PositiveIntegerField(editable=False)
    context = models.TextField(editable=False)
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeem_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(
        Device, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    answered_by = models.ForeignKey(
        Device, null=True, on_delete=models.SET_NULL, related_name="answered", db_index=False
    )

    objects = ChallengeQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in request")
        verbose_name_plural = _("sign-in requests")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state="pending"), name="one_pending_per_account"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="challenge_by_user"),
            # Small, whatever the age of the table: finished rows are not in them. For who asks by
            # time alone: without that PostgreSQL went through all open ones to find one account's.
            models.Index(
                fields=["expires_at"],
                condition=Q(state="pending", expires_at__isnull=False),
                name="challenge_unanswered",
            ),
            models.Index(
                fields=["redeem_until"],
                condition=Q(state="approved", redeem_until__isnull=False),
                name="challenge_unused",
            ),
            models.Index(fields=["created_at"], name="challenge_by_age"),
            models.Index(
                fields=["seen_by"], condition=Q(seen_by__isnull=False), name="challenge_seen"
            ),
            models.Index(
                fields=["answered_by"],
                condition=Q(answered_by__isnull=False),
                name="challenge_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.created_at:%Y-%m-%d %H:%M:%S}"

    @property
    def digits(self) -> int:
        """How many digits the device has to ask for; the setting's, where none are asked."""
        return len(self.number) or settings.KAUTH_NUMBER_DIGITS


class PracticeQuerySet(models.QuerySet["Practice"]):
    def open(self) -> "PracticeQuerySet":
        return self.filter(answered_at=None, expires_at__gt=Now())


class Practice(models.Model):
    """A question to one device, to show that it rings. It is asked like a challenge, and has no
    state: nothing waits for its answer.
    """

    id = models.CharField(primary_key=True, max_length=43, default=new_challenge_id, editable=False)
    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="practice")
    context = models.TextField(editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    objects = PracticeQuerySet.as_manager()

    purpose = Purpose.ACTION
    match = Match.TAP

    def __str__(self) -> str:
        return f"{self.device} {self.created_at:%Y-%m-%d %H:%M:%S}"

    @property
    def user_id(self) -> uuid.UUID:
        return self.device.user_id

    @property
    def digits(self) -> int:
        return settings.KAUTH_NUMBER_DIGITS


class BackupCodeSet(OTPDevice):
    """The backup codes of an account, a django-otp device so that a session can name it."""

    # Who signs in with one has lost a device, or is said to; see accounts.standing.
    RECOVERS = True

    made_at = models.DateTimeField()
    # Made when a device was linked after a recovery: as new as that device, and gone with it.
    new_until = models.DateTimeField(null=True)
    # The public id of the session that they were made in, if a recovery opened it.
    recovered_in = models.UUIDField(null=True, editable=False)
    # The codes themselves, sealed, until the person has put them away or ten minutes are over.
    readable = models.BinaryField(null=True)
    # When the person said so; nothing else can know it.
    saved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("backup codes")
        verbose_name_plural = _("backup codes")
        constraints = [models.UniqueConstraint(fields=["user"], name="one_set_per_account")]


class BackupCode(models.Model):
    """One code: two characters that find it, and a salted hash of a keyed digest of it all."""

    code_set = models.ForeignKey(
        BackupCodeSet,
        on_delete=models.CASCADE,
        related_name="codes",
        db_index=False,  # selector_once_per_set
    )
    selector = models.CharField(max_length=2, editable=False)
    digest = models.CharField(max_length=200, editable=False)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code_set", "selector"], name="selector_once_per_set")
        ]

    def __str__(self) -> str:
        return f"{self.selector}…"


class HelpDeskCodeQuerySet(models.QuerySet["HelpDeskCode"]):
    def of(self, user: User) -> "HelpDeskCodeQuerySet":
        return self.filter(user=user)

    def unused(self) -> "HelpDeskCodeQuerySet":
        """Whether their hour is over or not; an account has one at most."""
        return self.filter(used_at=None, ended_at=None)

    def open(self) -> "HelpDeskCodeQuerySet":
        """Those that still work, by the database's clock."""
        return self.unused().filter(expires_at__gt=Now())


class HelpDeskCode(OTPDevice):
    """A code by which a person who lost everything links a new device; see helpdesk_codes.

    A django-otp device, so that the session which it opens can name it. The row stays as evidence
    of who made it and why.
    """

    # What a session that it opened may do; see accounts.standing.
    RECOVERS = LINKS_ONLY = True

    selector = models.CharField(max_length=2, editable=False)
    digest = models.CharField(max_length=200, editable=False)
    made_by = models.CharField(_("made by"), max_length=254)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("good until"))
    used_at = models.DateTimeField(_("used"), null=True)
    # When a newer one took its place.
    ended_at = models.DateTimeField(_("replaced"), null=True)

    objects = HelpDeskCodeQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("help-desk code")
        verbose_name_plural = _("help-desk codes")
        ordering = ["-made_at"]
        permissions = [("make_helpdesk_code", _("Can make help-desk codes"))]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(used_at=None, ended_at=None),
                name="one_helpdesk_code_per_account",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.made_at:%Y-%m-%d %H:%M}"


class Absence(models.Model):
    """Until when a person is away; see twofactor.absence."""

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="absence"
    )
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.until:%Y-%m-%d %H:%M}"


class ExpiryRun(models.Model):
    """When the expiry task last ran, for /readyz; one row."""

    ran_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.ran_at:%Y-%m-%d %H:%M:%S}"
