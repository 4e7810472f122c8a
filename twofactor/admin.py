"""Sign-in requests, as evidence. Their numbers and bindings are not shown."""

from django.contrib import admin

from accounts.admin import EvidenceAdmin
from twofactor.models import Challenge


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
