"""Linked devices, the act of linking, and how devices are reached. Holds rows; decides nothing."""

import secrets
import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device as OTPDevice

from accounts.models import User
from devices import protocol

LONG_UNUSED = timedelta(days=90)


class DeviceState(models.TextChoices):
    PENDING = "pending", _("waits for your yes")
    ACTIVE = "active", _("linked")
    REVOKED = "revoked", _("removed")


class DeviceQuerySet(models.QuerySet["Device"]):
    def active(self) -> "DeviceQuerySet":
        return self.filter(state=DeviceState.ACTIVE)

    def new(self) -> "DeviceQuerySet":
        """Those that can still be turned away, by the database's clock."""
        return self.active().filter(new_until__gt=Now())

    def of(self, user: User) -> "DeviceQuerySet":
        return self.filter(user=user)

    def unused_since(self, time: datetime) -> "DeviceQuerySet":
        """Linked, and neither linked nor used after `time`."""
        seen = Coalesce("last_used_at", "created_at")
        return self.active().alias(seen_at=seen).filter(seen_at__lt=time)

    def devices_for_user(
        self,
        user: User,
        confirmed: bool | None = None,  # noqa: FBT001 - django-otp's signature
    ) -> "DeviceQuerySet":
        """django-otp's manager contract."""
        devices = self.of(user)
        return devices if confirmed is None else devices.filter(confirmed=confirmed)


class Device(OTPDevice):
    """One enrolled authenticator of one account, a django-otp device, so that sessions name it.

    django-otp's own verify_token stays unused: a code counts only where attempts are counted.

    The row stays when the device is removed: it is evidence, and the device is told on its next
    contact. The server has its public key only; the one-time-code secret is sealed.
    """

    KIND = "devices"
    CODE_PURPOSE = "otp"

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    state = models.CharField(
        max_length=10, choices=DeviceState.choices, default=DeviceState.PENDING
    )
    platform = models.CharField(max_length=20)
    algorithm = models.CharField(max_length=10, default="ES256", editable=False)
    public_key = models.BinaryField(max_length=65)
    key_seal = models.BinaryField(max_length=32)
    otp_secret = models.BinaryField(max_length=80)
    otp_last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    linked_browser = models.CharField(max_length=60, blank=True)
    linked_address = models.GenericIPAddressField(null=True)
    provisioned_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_address = models.GenericIPAddressField(null=True)
    # Linked after a recovery: until then it approves sign-ins and changes nothing; see vetoes.
    new_until = models.DateTimeField(null=True)
    # Of the mailed token by which it can be turned away.
    veto_hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = DeviceQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("linked device")
        verbose_name_plural = _("linked devices")
        ordering = ["created_at"]
        constraints = [
            # django-otp asks `confirmed`; it must never say more than `state` does.
            models.CheckConstraint(
                name="confirmed_is_active",
                condition=(
                    Q(confirmed=True, state="active") | (Q(confirmed=False) & ~Q(state="active"))
                ),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("devices:device", args=[self.public_id])

    @property
    def is_active(self) -> bool:
        return self.state == DeviceState.ACTIVE

    @property
    def is_new(self) -> bool:
        return self.new_until is not None and self.new_until > timezone.now()


class EnrolmentState(models.TextChoices):
    OFFERED = "offered", _("offered")
    CLAIMED = "claimed", _("claimed")
    CONFIRMED = "confirmed", _("confirmed")
    REFUSED = "refused", _("refused")
    REPLACED = "replaced", _("replaced")
    EXPIRED = "expired", _("expired")


class Enrolment(models.Model):
    """One offer to link a device, from the QR to the person's yes. Knows its token's hash only."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="enrolments")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    # An offer made on the device itself, for the browser session that made it.
    here = models.BooleanField(default=False)
    # The public id of the session that made it, if a recovery opened that session.
    recovered_in = models.UUIDField(null=True, editable=False)
    state = models.CharField(
        max_length=10, choices=EnrolmentState.choices, default=EnrolmentState.OFFERED
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    device = models.OneToOneField(
        Device, null=True, on_delete=models.CASCADE, related_name="enrolment"
    )
    check_number = models.CharField(max_length=6, blank=True)
    # This linking switched two-factor authentication on, so its device may show the backup codes.
    switched_on = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "expires_at"], name="enrolment_overdue")]

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%Y-%m-%d %H:%M}"


class PushSubscription(models.Model):
    """Where a browser's push service takes messages for a device: a capability, kept sealed."""

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, related_name="push_subscription"
    )
    host = models.CharField(max_length=253)
    subscription = models.BinaryField()
    created_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.host


class SeenNonce(models.Model):
    """A nonce of a signed call that changed something: it is good once."""

    device = models.ForeignKey(
        Device,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # nonce_once
    )
    nonce = models.BinaryField(max_length=16)
    seen_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "nonce"], name="nonce_once")]

    def __str__(self) -> str:
        return bytes(self.nonce).hex()


class PendingRing(models.Model):
    """A ring that waits for the embedded server; see devices.outbox."""

    # The longest name that channels takes.
    group = models.CharField(max_length=100)
    message = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.group


def new_notice_id() -> str:
    return protocol.b64(secrets.token_bytes(32))


class Notice(models.Model):
    """News for one device about its account, until a person has seen it there; see changes."""

    id = models.CharField(primary_key=True, max_length=43, default=new_notice_id, editable=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=30)
    name = models.CharField(max_length=64, blank=True)
    # The new device that it tells of, where the device that is told can turn it away.
    about = models.ForeignKey(Device, null=True, on_delete=models.CASCADE, related_name="+")
    # The same, where it is a method of another kind: as those who own it call it.
    subject = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.kind
