"""People and what happened to them. Secrets are not shown, evidence is not changed."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import audit, oversight, sign_ins, visitors
from accounts.evidence_admin import (
    DownloadAdmin,
    EvidenceAdmin,
    ShownColumnsAdmin,
    ValuesFilter,
    asks_why,
    touchable,
)
from accounts.forms import reason_field
from accounts.models import DETAIL_SIZE, EventKind, SecurityEvent, SignIn, User
from accounts.policy_admin import PolicyAdmin
from accounts.policy_models import Policy

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
SAVED = ("is_active", "is_staff", "is_superuser", "must_change_password")


class UserForm(forms.ModelForm):
    reason = reason_field()


@admin.register(User)
class UserAdmin(DownloadAdmin):
    form = UserForm
    list_display = ("login_id", "is_active", "is_staff", "must_enrol", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "must_enrol", "date_joined")
    search_fields = ("login_id",)
    date_hierarchy = "date_joined"
    ordering = ("login_id",)
    actions: Sequence[str] = ("download",)
    downloaded = (*list_display, "is_superuser", "must_change_password")
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Accounts are made by people themselves, or by `create_account`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An account is switched off; what happened on it stays with it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or oversight.may_touch(request.user, obj))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        changes = obj is not None and self.has_change_permission(request, obj)
        return (*self.fields, "reason") if changes else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rights are given by superusers, to others: nobody lifts, or locks out, themselves."""
        user: Any = request.user
        if user == obj:
            return (*self.readonly_fields, *RIGHTS, "is_active")
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
            detail=oversight.by(request.user, form.cleaned_data["reason"], what=_changes(form)),
        )


def _changes(form: Any) -> str:
    """What was changed, and the roles that the account has now where it was those."""
    names = [name for name in form.changed_data if name != "reason"]
    words = {name: name for name in names}
    if "groups" in words:
        roles = ", ".join(group.name for group in form.cleaned_data["groups"])
        words["groups"] = f"groups ({roles or 'none'})"
    return ", ".join(words.values()) or "nothing"


admin.site.unregister(Group)


class RoleForm(forms.ModelForm):
    reason = reason_field()


@admin.register(Group)
class RoleAdmin(ShownColumnsAdmin, GroupAdmin):
    """What a role may do is for superusers: everybody else would reach through it to more."""

    form = RoleForm
    fields = ("name", "permissions")
    filter_horizontal = ()
    actions = ("remove",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Django's own page for that asks for no reason: the action does."""
        return False

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.fields, "reason") if _is_superuser(request) else self.fields

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_related(request, form, formsets, change)
        what = f"group {form.instance.name}: {_changes(form)}"
        self._record(request, oversight.by(request.user, form.cleaned_data["reason"], what=what))

    @admin.action(description=_("Delete selected groups"), permissions=["remove"])
    @asks_why
    def remove(self, request: HttpRequest, chosen: QuerySet[Group], by: str) -> None:
        """A group with a policy stays: that is cleared first, for a reason of its own."""
        bare = list(chosen.filter(policy=None))
        if len(bare) < chosen.count():
            messages.warning(request, _("A group with a policy stays: clear the policy first."))
        for group in bare:
            self._record(request, f"{by}: group {group.name}: deleted"[:DETAIL_SIZE])
            group.delete()
        words = ngettext("%(n)d group is deleted.", "%(n)d groups are deleted.", len(bare))
        messages.success(request, words % {"n": len(bare)})

    def _record(self, request: HttpRequest, detail: str) -> None:
        audit.record(EventKind.ROLE_CHANGED, visitor=visitors.of(request), detail=detail)


def _is_superuser(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.is_superuser)


@admin.register(SignIn)
class SignInAdmin(EvidenceAdmin):
    """Where accounts are signed in at this moment. The one thing to do here is to end that."""

    list_display = ("user", "browser", "address", "device_name", "started_at", "last_seen_at")
    list_filter = ("started_at", "last_seen_at")
    search_fields = ("user__login_id", "browser", "address", "device_name")
    date_hierarchy = "started_at"
    list_select_related = ("user",)
    actions = ("end", "download")
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignIn]:
        return sign_ins.standing().order_by("-last_seen_at")

    @admin.action(description=_("End selected sessions"), permissions=["act"])
    @asks_why
    def end(self, request: HttpRequest, chosen: QuerySet[SignIn], by: str) -> None:
        ids = list(touchable(request, chosen).values_list("pk", flat=True))
        places = SignIn.objects.filter(pk__in=ids)
        people = list(User.objects.filter(pk__in=places.values("user")))
        visitor = visitors.of(request)
        ended = sum(sign_ins.end(person, places, visitor=visitor, by=by) for person in people)
        words = ngettext("%(n)d session is ended.", "%(n)d sessions are ended.", ended)
        messages.success(request, words % {"n": ended})


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
    list_filter = ("kind", ("method", ValuesFilter), "created_at")
    search_fields = ("login_id", "device_name", "address")
    date_hierarchy = "created_at"
    fields = (*list_display, "detail")

    def row_in_words(self, row: SecurityEvent) -> str:
        """By the name that was copied: the account may be gone."""
        return str(row)


admin.site.register(Policy, PolicyAdmin)
