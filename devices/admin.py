"""Linked devices and the acts of linking. The one thing to do here is to revoke."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import clock, visitors
from accounts.evidence_admin import EvidenceAdmin, asks_why, touchable
from devices import enrolment
from devices.models import LONG_UNUSED, Device, Enrolment


class UnusedFilter(admin.SimpleListFilter):
    """Linked devices that nobody has had in use for long: they may be lost."""

    title = gettext_lazy("last use")
    parameter_name = "unused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("long", _("Not for %(days)d days") % {"days": LONG_UNUSED.days})]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Device]:
        if self.value() != "long":
            return queryset
        return queryset.unused_since(clock.now() - LONG_UNUSED)


@admin.register(Device)
class DeviceAdmin(EvidenceAdmin):
    list_display = (
        "name",
        "user",
        "state",
        "new_until",
        "platform",
        "last_used_at",
        "last_address",
    )
    list_filter = ("state", UnusedFilter, "platform", "created_at")
    search_fields = ("name", "user__login_id", "public_id")
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    actions = ("revoke", "download")
    fields = (
        "public_id",
        "user",
        "name",
        "state",
        "platform",
        "created_at",
        "linked_browser",
        "linked_address",
        "new_until",
        "last_used_at",
        "last_address",
        "revoked_at",
    )

    @admin.action(description=gettext_lazy("Revoke selected devices"), permissions=["act"])
    @asks_why
    def revoke(self, request: HttpRequest, devices: QuerySet[Device], by: str) -> None:
        visitor = visitors.of(request)
        chosen = touchable(request, devices).select_related("user")
        done = sum(enrolment.revoke(device, visitor=visitor, by=by) for device in chosen)
        words = ngettext("%(n)d device is revoked.", "%(n)d devices are revoked.", done)
        messages.success(request, words % {"n": done} if done else _("Nothing was left to revoke."))


@admin.register(Enrolment)
class EnrolmentAdmin(EvidenceAdmin):
    list_display = ("created_at", "user", "state", "device", "here")
    list_filter = ("state", "created_at")
    search_fields = ("user__login_id", "device__name")
    date_hierarchy = "created_at"
    list_select_related = ("user", "device")
    fields = ("user", "state", "created_at", "expires_at", "device", "here", "switched_on")
