"""What an administrator asks of the accounts of one group. Holds rows; see accounts.policies."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# Strictest first: a false login page gets nothing of a key, and most easily a code.
METHODS = {"keys": "allow_keys", "devices": "allow_kauth", "otp": "allow_otp"}
NAMES = {"keys": _("security key"), "devices": _("kAuth app"), "otp": _("OTP app")}
ALL_METHODS = frozenset(METHODS)


class Policy(models.Model):
    """Empty fields ask for nothing. A group with a policy is not deleted: that would drop it."""

    group = models.OneToOneField(Group, on_delete=models.PROTECT, verbose_name=_("group"))
    require_from = models.DateField(
        _("2FA required from"),
        null=True,
        blank=True,
        help_text=_(
            "From this day on (UTC) its accounts need 2FA. Whoever has no method is led to add one "
            "after the password, and opens nothing else. Reminders go out 14, 7 and 1 days before."
        ),
    )
    allow_kauth = models.BooleanField(
        NAMES["devices"], default=True, help_text=_("A phone is asked YES or NO, or shows a code.")
    )
    allow_otp = models.BooleanField(
        NAMES["otp"], default=True, help_text=_("Codes only: a false login page can ask for one.")
    )
    allow_keys = models.BooleanField(
        NAMES["keys"], default=True, help_text=_("The one method that resists false pages.")
    )
    always_number = models.BooleanField(
        _("always ask for the number"),
        default=False,
        help_text=_("Each YES needs the number that the login page shows, in known browsers too."),
    )
    most_devices = models.PositiveSmallIntegerField(
        _("linked devices, at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("1 to 5. Devices that are linked already stay; no further ones are linked."),
    )
    session_hours = models.PositiveSmallIntegerField(
        _("hours until the next sign-in"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
        help_text=_("1 to 24, counted from the sign-in. An older session ends at its next page."),
    )

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["group__name"]
        constraints = [
            models.CheckConstraint(
                name="policy_allows_a_method",
                condition=Q(allow_kauth=True) | Q(allow_otp=True) | Q(allow_keys=True),
            )
        ]

    def __str__(self) -> str:
        return self.group.name

    def clean(self) -> None:
        if not self.allowed:
            raise ValidationError(_("Allow one method at least, or nobody could log in."))

    @property
    def allowed(self) -> frozenset[str]:
        """The kinds of methods that may be used; backup codes stand in for any of them."""
        return frozenset(kind for kind, column in METHODS.items() if getattr(self, column))


class PolicyReminder(models.Model):
    """A person was told, so many days ahead, that 2FA is required from a day on; once each."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # reminded_once
    )
    require_from = models.DateField()
    days_ahead = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "require_from", "days_ahead"], name="reminded_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.require_from} {self.days_ahead}"
