"""Links that are mailed. Holds rows."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class LinkPurpose(models.TextChoices):
    NOT_ME = "not_me", _("It was not me")


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
