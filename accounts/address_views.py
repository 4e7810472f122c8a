"""The change of the e-mail address: the page in the account manager, and the mailed links."""

from typing import Any

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import addresses, mailed_links, visitors
from accounts.mail_models import AddressChange, LinkPurpose
from accounts.mailed_links import Over
from accounts.manager_forms import AddressForm
from accounts.reauthentication import recent_login_required
from accounts.throttling import Throttled
from accounts.views import too_many


@recent_login_required
@never_cache
def address_page(request: HttpRequest) -> HttpResponseBase:
    """Asks for a new address; tells which yes is missing; takes the wish back."""
    user: Any = request.user
    visitor = visitors.of(request)
    form = AddressForm(request.POST or None, user=user)
    if request.method == "POST" and "cancel" in request.POST:
        addresses.withdraw(user, visitor=visitor)
        messages.success(request, _("Your address stays as it is."))
        return redirect("accounts:address")
    if request.method == "POST" and form.is_valid():
        try:
            addresses.ask(user, form.cleaned_data["address"], visitor=visitor)
        except Throttled as refusal:
            return too_many(request, refusal)
        return redirect("accounts:address")
    context = {"form": form, "change": addresses.open_change(user)}
    return render(request, "accounts/address.html", context)


@never_cache
def address_link(request: HttpRequest, token: str) -> HttpResponse:
    """What a mailed link confirms. Works signed out, and lets nobody in; a GET changes nothing."""
    visitor = visitors.of(request)
    sides = (LinkPurpose.OLD_ADDRESS, LinkPurpose.NEW_ADDRESS)
    link = mailed_links.find(token, *sides, visitor=visitor)
    change = addresses.change_of(link) if link else None
    if link is None or change is None:
        return _show(request, "over")
    if request.method != "POST":
        return _show(request, "ask", change)
    try:
        done = addresses.confirm(link, visitor=visitor)
    except Over:
        mailed_links.tell_refused(link.user, visitor=visitor)
        return _show(request, "over")
    if done and request.user == link.user:
        auth.logout(request)
    return _show(request, "done" if done else "half", change)


def _show(request: HttpRequest, step: str, change: AddressChange | None = None) -> HttpResponse:
    context = {"step": step, "change": change}
    return render(request, "accounts/address_link.html", context)
