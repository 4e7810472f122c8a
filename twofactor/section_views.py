"""The 2FA section: the methods of an account, and its backup codes."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import policies, standing, visitors
from accounts.models import User
from accounts.reauthentication import recent_login_required, recent_login_suffices, too_new
from devices.models import Device
from twofactor import backup_codes, demands, methods, security_keys
from twofactor.models import BackupCodeSet


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if standing.links_only(user):
        return _recovered(request, user)
    found = methods.overview(user)
    context = {
        "overview": found,
        "demand": demands.in_words(user, found.methods),
        "left_over": demands.left_over(user, found.methods),
    }
    return render(request, "twofactor/overview.html", context)


def _recovered(request: HttpRequest, user: User) -> HttpResponse:
    """What a help-desk code opens: linking a device, or what a policy has in its place."""
    if policies.of(user).allows(Device.KIND):
        return render(request, "twofactor/link_now.html")
    return _choice(request, user)


@recent_login_required
def add(request: HttpRequest) -> HttpResponse:
    return _choice(request, request.user)


def _choice(request: HttpRequest, user: Any) -> HttpResponse:
    context = {"keys_possible": security_keys.possible(), "allowed": policies.of(user).allowed}
    return render(request, "twofactor/add.html", context)


@recent_login_suffices
@never_cache
def backup_codes_page(request: HttpRequest) -> HttpResponseBase:
    """The codes, while they can be read; then how many are left, and new ones.

    To a new device its own codes are shown, for it has them anyway, and no others.
    """
    user: Any = request.user
    visitor = visitors.of(request)
    new_until = standing.new_until(user)
    if new_until and (request.POST.get("action") == "new" or not backup_codes.are_new(user)):
        return too_new(request, new_until)
    if request.method == "POST" and methods.enabled(user):
        if request.POST.get("action") == "new":
            made_in = standing.recovery_of(request)
            backup_codes.generate(user, visitor=visitor, recovered_in=made_in)
        elif request.POST.get("action") == "saved" and backup_codes.saved(user, visitor=visitor):
            messages.success(request, _("Your backup codes are put away. Keep them safe."))
            return redirect("twofactor:overview")
        return redirect("twofactor:backup_codes")
    return render(request, "twofactor/backup_codes.html", _backup_codes_context(user))


def _backup_codes_context(user: User) -> dict[str, Any]:
    code_set = BackupCodeSet.objects.filter(user=user).first()
    return {
        "codes": backup_codes.readable(user),
        "left": backup_codes.left(user),
        "created_at": code_set.made_at if code_set else None,
        "until": backup_codes.readable_until(code_set) if code_set else None,
        "login_id": user.login_id,
        "host": settings.KAUTH_HOST,
        "enabled": methods.enabled(user),
    }


@recent_login_suffices
@never_cache
def backup_codes_download(request: HttpRequest) -> HttpResponseBase:
    user: Any = request.user
    context = _backup_codes_context(user)
    new_until = standing.new_until(user)
    if new_until and not backup_codes.are_new(user):
        return too_new(request, new_until)
    if context["codes"] is None:
        return redirect("twofactor:backup_codes")
    response = render(
        request, "twofactor/backup_codes.txt", context, content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="kauth-backup-codes.txt"'
    return response
