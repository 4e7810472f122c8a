"""People and what happened to them. Secrets are not shown, evidence is not changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, DateField, F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import audit, policies, visitors
from accounts.models import DETAIL_SIZE, EventKind, SecurityEvent, User
from accounts.policy_models import Policy

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
SAVED = ("is_active", "is_staff", "is_superuser", "must_change_password")


class ShownColumnsAdmin(admin.ModelAdmin):
    """Filters by what is shown only: a hidden column would tell itself by the number of hits."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        shown = {*self.list_display, *self.search_fields, *self.get_fields(request)}
        column = lookup.partition("__")[0]
        follows = self.opts.get_field(column).is_relation if column in shown else False
        known = column in shown and (not follows or lookup in shown or lookup.endswith("__exact"))
        return known and super().lookup_allowed(lookup, value, request)


class EvidenceAdmin(ShownColumnsAdmin):
    """Rows that are read and searched, by nobody added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ShownColumnsAdmin):
    list_display = ("login_id", "is_active", "is_staff", "must_enrol", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "must_enrol", "date_joined")
    search_fields = ("login_id",)
    ordering = ("login_id",)
    fields = (
        "login_id",
        "is_active",
        "is_staff",
        "is_superuser",
        "groups",
        "user_permissions",
        "must_enrol",
        "must_change_password",
        "date_joined",
        "last_login",
    )
    readonly_fields = ("login_id", "must_enrol", "date_joined", "last_login")
    filter_horizontal = ("groups", "user_permissions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Accounts are made by people themselves, or by `create_account`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An account is switched off; what happened on it stays with it."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rights are given by superusers only, or staff could give themselves all of them."""
        user: Any = request.user
        return self.readonly_fields if user.is_superuser else (*self.readonly_fields, *RIGHTS)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Switching an account off ends its sessions and approvals, even if it comes on again."""
        changed = [name for name in form.changed_data if name in SAVED]
        if "is_active" in changed and not obj.is_active:
            obj.security_epoch = F("security_epoch") + 1
            changed.append("security_epoch")
        # Only what was changed here: a password that changes meanwhile is not put back.
        obj.save(update_fields=changed)
        audit.record(
            EventKind.ACCOUNT_CHANGED,
            user=obj,
            visitor=visitors.of(request),
            detail=f"administrator {request.user}: {', '.join(form.changed_data)}"[:DETAIL_SIZE],
        )


@admin.register(SecurityEvent)
class SecurityEventAdmin(EvidenceAdmin):
    list_display = (
        "created_at",
        "kind",
        "times",
        "login_id",
        "device_name",
        "method",
        "address",
        "browser",
    )
    list_filter = ("kind", "method", "created_at")
    search_fields = ("login_id", "device_name", "address")
    date_hierarchy = "created_at"
    fields = (
        "created_at",
        "kind",
        "times",
        "login_id",
        "device_name",
        "method",
        "address",
        "browser",
        "detail",
    )


class PolicyForm(forms.ModelForm):
    why = forms.CharField(
        label=_("why"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("For the record: it stands in the event beside what was changed, and by whom."),
    )


@admin.register(Policy)
class PolicyAdmin(ShownColumnsAdmin):
    """Each change is an event of its own, beside Django's own history of the row."""

    form = PolicyForm
    list_display = (
        "group",
        "accounts",
        "require_from",
        "allow_keys",
        "allow_kauth",
        "allow_otp",
        "always_number",
        "most_devices",
        "session_hours",
    )
    search_fields = ("group__name",)
    list_select_related = ("group",)
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
                "fields": ("allow_keys", "allow_kauth", "allow_otp"),
                "description": _(
                    "What is not ticked can neither be added nor used to log in. Whoever has only "
                    "that is told so, logs in with a backup code, and adds one that is ticked. "
                    "Backup codes always work."
                ),
            },
        ),
        (_("Signing in"), {"fields": ("always_number", "most_devices", "session_hours")}),
        (None, {"fields": ("why",)}),
    )
    formfield_overrides = {
        DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        return super().get_queryset(request).annotate(members=Count("group__user"))

    @admin.display(description=_("accounts"), ordering="members")
    def accounts(self, policy: Any) -> int:
        members: int = policy.members
        return members

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A policy stays with its group: what another group is asked for is another policy."""
        return ("group",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        policies.save(obj, why=form.cleaned_data["why"], **_changer(request))

    def delete_model(self, request: HttpRequest, obj: Policy) -> None:
        policies.clear(obj, **_changer(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for policy in queryset:
            self.delete_model(request, policy)


def _changer(request: HttpRequest) -> dict[str, Any]:
    return {"by": f"administrator {request.user}", "visitor": visitors.of(request)}
