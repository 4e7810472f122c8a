"""Sign-in requests and help-desk codes, as evidence, without numbers, bindings and digests.

And people, by what stands between them and whoever has their password.
"""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import visitors
from accounts.admin import UserAdmin
from accounts.evidence_admin import EvidenceAdmin, asks_why, touchable
from accounts.models import User
from twofactor import coverage, helpdesk_views, methods
from twofactor.models import Challenge, HelpDeskCode, OtpApp, SecurityKey

# One permission for each kind of method that goes.
REMOVING = ("devices.change_device", "twofactor.change_otpapp", "twofactor.change_securitykey")


class ProtectionFilter(admin.SimpleListFilter):
    """Accounts that are in use, by what stands between them and whoever has the password."""

    title = _("second factor")
    parameter_name = "protection"

    PARTS = {
        "on": (_("On"), coverage.protected),
        "waiting": (_("Waits for a new device"), coverage.waiting),
        "off": (_("Off"), coverage.unprotected),
        "no-backup": (_("One method, no backup code"), coverage.without_backup),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, words) for value, (words, _part) in self.PARTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        part = self.PARTS.get(self.value() or "")
        return part[1](queryset.filter(is_active=True)) if part else queryset


# What a lower app shows of people, and what only this one knows of them.
admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_filter: ClassVar[Any] = (ProtectionFilter, *UserAdmin.list_filter)
    actions = ("remove_methods", *UserAdmin.actions)

    @admin.action(description=_("Remove all methods: link anew to go on"), permissions=["revoke"])
    @asks_why
    def remove_methods(self, request: HttpRequest, chosen: QuerySet[User], by: str) -> None:
        visitor = visitors.of(request)
        people = touchable(request, chosen)
        done = sum(methods.remove_all(person, visitor=visitor, by=by) for person in people)
        words = ngettext("%(n)d method is removed.", "%(n)d methods are removed.", done)
        messages.success(request, words % {"n": done})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perms(REMOVING))


@admin.register(OtpApp, SecurityKey)
class MethodAdmin(EvidenceAdmin):
    """The methods beside the linked devices. The one thing to do here is to remove them."""

    list_display = ("name", "user", "confirmed", "created_at", "last_used_at")
    list_filter = ("confirmed", "created_at")
    search_fields = ("name", "user__login_id", "public_id")
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    actions = ("remove", "download")
    fields = ("public_id", "user", "name", "confirmed", "created_at", "last_used_at")

    @admin.action(description=_("Remove selected methods"), permissions=["act"])
    @asks_why
    def remove(self, request: HttpRequest, chosen: QuerySet[Any], by: str) -> None:
        visitor = visitors.of(request)
        rows = touchable(request, chosen).select_related("user")
        done = sum(methods.remove(method, visitor=visitor, by=by) for method in rows)
        words = ngettext("%(n)d method is removed.", "%(n)d methods are removed.", done)
        messages.success(request, words % {"n": done})


@admin.register(Challenge)
class ChallengeAdmin(EvidenceAdmin):
    list_display = ("created_at", "user", "purpose", "match", "state", "answered_by", "address")
    list_filter = ("state", "purpose", "match", "created_at")
    search_fields = ("user__login_id", "address")
    date_hierarchy = "created_at"
    list_select_related = ("user", "answered_by")
    fields = (
        "user",
        "purpose",
        "match",
        "state",
        "created_at",
        "expires_at",
        "ended_at",
        "seen_by",
        "answered_by",
        "address",
        "browser",
    )


@admin.register(HelpDeskCode)
class HelpDeskCodeAdmin(EvidenceAdmin):
    """Codes are made on a page of their own, from the account that they are for."""

    list_display = ("made_at", "user", "made_by", "reason", "used_at", "ended_at", "expires_at")
    list_filter = ("made_at", "used_at")
    search_fields = ("user__login_id", "made_by", "reason")
    date_hierarchy = "made_at"
    list_select_related = ("user",)
    fields = ("user", "made_by", "reason", "made_at", "expires_at", "used_at", "ended_at")

    def get_urls(self) -> list[URLPattern]:
        make = self.admin_site.admin_view(helpdesk_views.make)
        page = path("make/<uuid:user_id>/", make, name="twofactor_helpdeskcode_make")
        return [page, *super().get_urls()]
