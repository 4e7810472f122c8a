"""The kAuth app's own addresses: its shell, its manifest, its service worker, and "Authorize".

All but the last are the same for everybody, signed in or not, so that a browser may keep them.
"""

import json

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import standing, visitors
from accounts.policies import NotAllowed
from accounts.reauthentication import recent_login_required
from devices import app_shell, enrolment, keys, protocol, vapid
from devices.exceptions import TooManyDevices
from devices.views import SESSION_KEY, no_more_devices

ICONS = (
    ("img/app-192.png", "192x192", "any"),
    ("img/app-512.png", "512x512", "any"),
    ("img/app-maskable-512.png", "512x512", "maskable"),
)


@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    """The one page of the app, at /app/ and, for the QR's address, at /app/link."""
    context = {
        "origin": settings.KAUTH_ORIGIN,
        "server_id": protocol.b64(keys.server_id()),
        "vapid_key": vapid.public(),
        "decoder": settings.KAUTH_QR_DECODER,
        "answer_in_notification": settings.KAUTH_ANSWER_IN_NOTIFICATION,
    }
    return render(request, "app/shell.html", context)


@require_safe
@cache_control(no_cache=True)
def manifest(request: HttpRequest) -> HttpResponse:
    """What makes the app installable (W3C Web Application Manifest)."""
    home = reverse("devices:app")
    content = {
        "id": home,
        "name": settings.KAUTH_SERVICE_NAME,
        "short_name": settings.KAUTH_SERVICE_NAME,
        "description": _("Answers your sign-in requests with YES or NO."),
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "background_color": "#f5f7fa",
        "theme_color": "#0b57d0",
        "icons": [_icon(*icon) for icon in ICONS],
    }
    return JsonResponse(content, content_type="application/manifest+json")


def _icon(name: str, sizes: str, purpose: str) -> dict[str, str]:
    address = staticfiles_storage.url(name)
    return {"src": address, "sizes": sizes, "type": "image/png", "purpose": purpose}


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker's script: any change of the app changes it, and the browser installs it anew."""
    pages = [reverse("devices:app"), reverse("devices:app_link")]
    told = app_shell.worker_settings(shell=shell(request).content, pages=pages)
    context = {"version": told["version"], "config": json.dumps(told)}
    return render(request, "app/service-worker.js", context, content_type="text/javascript")


@require_http_methods(["GET", "POST"])
@recent_login_required
@never_cache
def authorize(request: HttpRequest) -> HttpResponseBase:
    """Linking from the phone itself: the person's yes, before the app claims (section 3.5)."""
    if request.method == "POST":
        return _offer_here(request)
    return render(request, "app/authorize.html")


def _offer_here(request: HttpRequest) -> HttpResponse:
    """The link for the page's script, which claims it with this session's cookie and `csrf`."""
    try:
        offer, token = enrolment.offer(
            user=request.user,  # type: ignore[arg-type]
            replaces=request.session.get(SESSION_KEY),
            here=True,
            recovered_in=standing.recovery_of(request),
            visitor=visitors.of(request),
        )
    except (TooManyDevices, NotAllowed) as refusal:
        return JsonResponse({"detail": no_more_devices(request.user, refusal)}, status=409)
    request.session[SESSION_KEY] = offer.pk
    link = protocol.link_address(settings.KAUTH_ORIGIN, token, keys.server_id())
    return JsonResponse({"link": link, "csrf": get_token(request)})
