"""The browsers of an account that have passed both factors. Holds rows; decides nothing."""

import uuid

from django.db import models


class KnownBrowser(models.Model):
    """A browser that has passed both factors of this account before."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, related_name="known_browsers"
    )
    name = models.CharField(max_length=60)
    address = models.GenericIPAddressField(null=True)
    # How this browser passed the second step last: what it is offered first, and no more than that.
    last_method = models.CharField(max_length=20, blank=True)
    # The public id of the session in which it became known, and the method that had opened that,
    # as django-otp names it: what they made known goes with them.
    known_in = models.UUIDField(null=True, editable=False)
    known_by = models.CharField(max_length=255, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name
