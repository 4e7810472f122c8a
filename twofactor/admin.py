"""Sign-in requests and help-desk codes, as evidence, without numbers, bindings and digests."""

from django.contrib import admin
from django.urls import URLPattern, path

from accounts.admin import EvidenceAdmin
from twofactor import helpdesk_views
from twofactor.models import Challenge, HelpDeskCode


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
