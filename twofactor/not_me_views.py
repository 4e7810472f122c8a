"""The page behind "it was not me" in a mail. Looking changes nothing: mail programs look too."""

from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts import mailed_links, visitors
from accounts.mail_models import LinkPurpose, MailedLink
from accounts.mailed_links import Over
from twofactor import not_me


@never_cache
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Says what will happen; a POST does it. Works signed in and out, and lets nobody in."""
    visitor = visitors.of(request)
    link = mailed_links.find(token, LinkPurpose.NOT_ME, LinkPurpose.UNDO_ADDRESS, visitor=visitor)
    if link is None:
        return _show(request, "over")
    if request.method != "POST":
        return _show(request, "ask", link)
    try:
        not_me.act(link, visitor=visitor)
    except Over:
        mailed_links.tell_refused(link.user, visitor=visitor)
        return _show(request, "over")
    if request.user == link.user:
        auth.logout(request)
    return _show(request, "done", link)


def _show(request: HttpRequest, step: str, link: MailedLink | None = None) -> HttpResponse:
    context = {
        "step": step,
        "undo": link.about if link else "",
        "address": link is not None and link.purpose == LinkPurpose.UNDO_ADDRESS,
    }
    return render(request, "twofactor/not_me.html", context)
