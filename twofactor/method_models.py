"""The methods beside the linked devices, and what a security key is given to sign. Holds rows."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device as OTPDevice

from accounts.models import User

CEREMONY_BYTES = 32


class MethodQuerySet(models.QuerySet[Any]):
    def of(self, user: User) -> "MethodQuerySet":
        """Those that count: what waits for its first code is no method."""
        return self.filter(user=user, confirmed=True)

    def devices_for_user(
        self,
        user: User,
        confirmed: bool | None = None,  # noqa: FBT001 - django-otp's signature
    ) -> "MethodQuerySet":
        """django-otp's manager contract."""
        devices = self.filter(user=user)
        return devices if confirmed is None else devices.filter(confirmed=confirmed)


class Method(OTPDevice):
    """A second factor that stands beside the linked devices, a django-otp device like them.

    Removing it deletes the row: what it was called stays in the events.
    """

    KIND: ClassVar[str]

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    # Added after a recovery: until then it opens the account and changes nothing.
    new_until = models.DateTimeField(null=True)
    # The public id of the session in which that was.
    recovered_in = models.UUIDField(null=True, editable=False)

    objects = MethodQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        abstract = True
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_new(self) -> bool:
        return self.new_until is not None and self.new_until > timezone.now()

    @property
    def kind(self) -> str:
        """What it is, in words."""
        return capfirst(str(self._meta.verbose_name))


class OtpApp(Method):
    """A TOTP app of any maker. It counts, `confirmed`, once it has shown a right code."""

    KIND = "otp"
    CODE_PURPOSE = "otp-app"

    otp_secret = models.BinaryField(max_length=80)
    otp_last_step = models.BigIntegerField(default=0)

    class Meta(Method.Meta):
        verbose_name = _("OTP app")
        verbose_name_plural = _("OTP apps")

    def get_absolute_url(self) -> str:
        return reverse("twofactor:otp_app", args=[self.public_id])


class SecurityKey(Method):
    """A security key or passkey (WebAuthn): its public half, sealed to its row and its account."""

    KIND = "keys"

    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(max_length=2048)
    key_seal = models.BinaryField(max_length=32)
    # Counts up with each use, in keys that count at all; a copy falls behind.
    sign_count = models.BigIntegerField(default=0)
    # How the browser may reach it, as it said itself: a hint for the next time.
    transports = models.JSONField(default=list)

    class Meta(Method.Meta):
        verbose_name = _("security key")
        verbose_name_plural = _("security keys")

    def get_absolute_url(self) -> str:
        return reverse("twofactor:security_key", args=[self.public_id])


class KeyCeremony(models.Model):
    """The challenge that one page of one session has given to a security key; good once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    binding = models.CharField(max_length=64)
    purpose = models.CharField(max_length=10)
    challenge = models.BinaryField(max_length=CEREMONY_BYTES)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["binding", "purpose"], name="one_ceremony_per_page")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.purpose}"
