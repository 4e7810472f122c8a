"""Links that are mailed, and the change of an address that they confirm. Holds rows."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class LinkPurpose(models.TextChoices):
    NOT_ME = "not_me", _("It was not me")
    OLD_ADDRESS = "old_address", _("Confirm at the old address")
    NEW_ADDRESS = "new_address", _("Confirm at the new address")
    UNDO_ADDRESS = "undo_address", _("Take the address back")


class MailedLinkQuerySet(models.QuerySet["MailedLink"]):
    def open(self) -> "MailedLinkQuerySet":
        """Those that are still good for something, by the database's clock."""
        return self.filter(used_at=None, expires_at__gt=Now())


class MailedLink(models.Model):
    """What one mailed link is for. The link holds the token, the table only its hash."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    purpose = models.CharField(max_length=20, choices=LinkPurpose.choices)
    # The kind of notice that it came with, and the public id of the thing that it was about.
    about = models.CharField(max_length=30, blank=True)
    subject = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = MailedLinkQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="mailed_link_by_end")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.created_at:%Y-%m-%d %H:%M}"


class AddressChangeState(models.TextChoices):
    PENDING = "pending", _("waits to be confirmed")
    DONE = "done", _("done")
    WITHDRAWN = "withdrawn", _("withdrawn")
    UNDONE = "undone", _("undone")


class AddressChange(models.Model):
    """One change of a login ID, from the wish to the end of the time in which it can be undone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, related_name="address_changes"
    )
    old = models.EmailField()
    new = models.EmailField()
    state = models.CharField(
        max_length=10, choices=AddressChangeState.choices, default=AddressChangeState.PENDING
    )
    # The account must be then as it was when the change was asked for.
    epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    old_confirmed_at = models.DateTimeField(null=True)
    new_confirmed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state="pending"), name="one_pending_address_change"
            )
        ]

    def __str__(self) -> str:
        return f"{self.old} to {self.new}"
