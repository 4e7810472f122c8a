"""Policies of groups in the admin: set, changed and cleared in words, with a reason, on record."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, DateField, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import policies, visitors
from accounts.evidence_admin import DownloadAdmin, asks_why
from accounts.forms import reason_field
from accounts.policy_models import NAMES, Policy

ALLOWED = ("allow_keys", "allow_kauth", "allow_otp")
SIGNING_IN = ("always_number", "most_devices", "session_hours")


class PolicyForm(forms.ModelForm):
    reason = reason_field()
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        # As it is written everywhere; Django would begin it with a capital.
        labels: ClassVar = {"allow_kauth": NAMES["devices"]}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = str(policies.describe(self.instance)) if self.instance.pk else ""

    def clean(self) -> None:
        """Of two administrators at once the second one does not undo what the first one set."""
        super().clean()
        if self.cleaned_data["seen"] != self.initial["seen"]:
            raise forms.ValidationError(
                _("Somebody has changed this policy meanwhile. Open it anew to see how it is now.")
            )


class PolicyAdmin(DownloadAdmin):
    """Each change is an event of its own, beside Django's own history of the row."""

    form = PolicyForm
    list_display = ("group", "accounts", "require_from", "methods", "signing_in")
    list_filter = ("require_from", *ALLOWED, "always_number")
    search_fields = ("group__name",)
    date_hierarchy = "require_from"
    list_select_related = ("group",)
    actions = ("clear", "download")
    downloaded = ("group", "require_from", *ALLOWED, *SIGNING_IN)
    fieldsets = (
        (
            None,
            {
                "fields": ("group", "require_from"),
                "description": _(
                    "What you leave empty is not asked for. An account in several groups gets the "
                    "strictest of each: the earliest day, only methods that all of them allow, the "
                    "fewest devices, the shortest session."
                ),
            },
        ),
        (
            _("Methods that open an account"),
            {
                "fields": ALLOWED,
                "description": _(
                    "What is not ticked can neither be added nor used to log in. Whoever has only "
                    "that is told so, logs in with a backup code, and adds one that is ticked. "
                    "Backup codes always work."
                ),
            },
        ),
        (_("Signing in"), {"fields": SIGNING_IN}),
        (None, {"fields": ("reason", "seen")}),
    )
    formfield_overrides = {
        DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
    }

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whoever only reads is asked for no reason."""
        shown = super().get_fieldsets(request, obj)
        changes = self.has_change_permission(request, obj)
        return shown if changes or obj is None else shown[:-1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        return super().get_queryset(request).annotate(members=Count("group__user"))

    @admin.display(description=_("accounts"), ordering="members")
    def accounts(self, policy: Any) -> int:
        members: int = policy.members
        return members

    @admin.display(description=_("methods"))
    def methods(self, policy: Policy) -> str:
        return policies.in_words(policy.allowed)

    @admin.display(description=_("signing in"), empty_value="-")
    def signing_in(self, policy: Policy) -> str:
        """Such as "number always, 2 devices, 8 hours"."""
        devices, hours = policy.most_devices, policy.session_hours
        parts = (
            policy.always_number and gettext("number always"),
            devices and ngettext("%(n)d device", "%(n)d devices", devices) % {"n": devices},
            hours and ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours},
        )
        return ", ".join(str(part) for part in parts if part)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A policy stays with its group: what another group is asked for is another policy."""
        return ("group",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Django's own page for that asks for no reason: the action does."""
        return False

    def has_clear_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("accounts.delete_policy"))

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        policies.save(
            obj,
            by=f"administrator {request.user}",
            visitor=visitors.of(request),
            why=form.cleaned_data["reason"],
        )

    @admin.action(description=_("Clear selected policies"), permissions=["clear"])
    @asks_why
    def clear(self, request: HttpRequest, chosen: QuerySet[Policy], by: str) -> None:
        cleared = list(chosen)
        for policy in cleared:
            policies.clear(policy, by=by, visitor=visitors.of(request))
        words = ngettext("%(n)d policy is cleared.", "%(n)d policies are cleared.", len(cleared))
        messages.success(request, words % {"n": len(cleared)})
