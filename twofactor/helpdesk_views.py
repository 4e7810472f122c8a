"""The admin's page that makes a help-desk code: who may, for whom, and why it is made."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import audit, visitors
from accounts.models import EventKind, User
from accounts.reauthentication import recent_login_required
from twofactor import methods
from twofactor.forms import ReasonForm

PERMISSION = "twofactor.make_helpdesk_code"


@recent_login_required
@never_cache
def make(request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """Asks for the reason, then shows the code. Nobody can show it a second time."""
    person = get_object_or_404(User, pk=user_id)
    maker: Any = request.user
    refusal = _refusal(maker, person)
    if refusal:
        detail = f"administrator {maker}: {refusal}"
        visitor = visitors.of(request)
        audit.record(EventKind.HELPDESK_CODE_REFUSED, user=person, visitor=visitor, detail=detail)
        return _show(request, person, status=403, refusal=refusal)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = methods.recover(
            person,
            by=f"administrator {maker}",
            reason=form.cleaned_data["reason"],
            visitor=visitors.of(request),
        )
        return _show(request, person, code=code)
    return _show(request, person, form=form)


def _refusal(maker: User, person: User) -> str:
    """Why `maker` may not make a code for `person`, in words; "" when they may."""
    if not maker.has_perm(PERMISSION):
        return _("You may not make help-desk codes.")
    if person == maker:
        return _("Nobody makes a code for their own account.")
    if person.is_staff and not maker.is_superuser:
        return _("This is a staff account. Only a superuser makes a code for it.")
    if not person.is_active:
        return _("This account is switched off. A code would open nothing.")
    if not methods.required(person):
        return _("This account has no method. Its password alone opens it, so it needs no code.")
    return ""


def _show(request: HttpRequest, person: User, *, status: int = 200, **facts: Any) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Make a help-desk code"),
        "person": person,
        **facts,
    }
    return render(request, "admin/twofactor/helpdeskcode/make.html", context, status=status)
