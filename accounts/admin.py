"""People and what happened to them. Secrets are not shown, evidence is not changed."""

from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest

from accounts import audit, visitors
from accounts.models import DETAIL_SIZE, EventKind, SecurityEvent, User

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
