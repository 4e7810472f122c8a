"""People and what happened to them. Secrets are not shown, evidence is not changed."""

from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest

from accounts.models import SecurityEvent, User


class EvidenceAdmin(admin.ModelAdmin):
    """Rows that are read and searched, by nobody added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Switching an account off ends its sessions and approvals, even if it comes on again."""
        if "is_active" in form.changed_data and not obj.is_active:
            obj.security_epoch = F("security_epoch") + 1
        super().save_model(request, obj, form, change)


@admin.register(SecurityEvent)
class SecurityEventAdmin(EvidenceAdmin):
    list_display = ("created_at", "kind", "login_id", "device_name", "method", "address", "browser")
    list_filter = ("kind", "method", "created_at")
    search_fields = ("login_id", "device_name", "address")
    date_hierarchy = "created_at"
    fields = (
        "created_at",
        "kind",
        "login_id",
        "device_name",
        "method",
        "address",
        "browser",
        "detail",
    )
