"""The pages that join the apps: the front door, the account manager, and the site's own health."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts import sign_ins
from accounts.models import SecurityEvent
from devices import doorbell
from twofactor import absence, advice, methods
from twofactor.models import ExpiryRun

RECENT_EVENTS = 5
LATE_EXPIRY = settings.KAUTH_EXPIRY_INTERVAL * 6


def site_words(request: HttpRequest) -> dict[str, Any]:
    """What every page may say about the site itself."""
    return {
        "service_name": settings.KAUTH_SERVICE_NAME,
        "origin_host": settings.KAUTH_HOST,
        "signup_open": settings.KAUTH_SIGNUP == "open",
    }


def index(request: HttpRequest) -> HttpResponseBase:
    inside = request.user.is_authenticated
    return redirect(settings.LOGIN_REDIRECT_URL if inside else settings.LOGIN_URL)


@login_required
def manager(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    overview = methods.overview(user)
    context = {
        "overview": overview,
        "advice": advice.for_person(user, overview),
        "away_until": absence.of(user),
        "browsers": sign_ins.of(user).count(),
        "events": SecurityEvent.objects.filter(user=user)[:RECENT_EVENTS],
    }
    return render(request, "manager.html", context)


def healthz() -> HttpResponse:
    """Whether the database answers; asked by load balancers under any host name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Database, doorbell and the age of the last expiry run; 503 when one of them is not well."""
    run = ExpiryRun.objects.first()
    age = int((timezone.now() - run.ran_at).total_seconds()) if run else None
    state = {
        "doorbell": "ok" if doorbell.works() else "away",
        "expiry_age": age,
        "expiry": "ok" if age is not None and age <= LATE_EXPIRY.total_seconds() else "late",
    }
    well = state["doorbell"] == state["expiry"] == "ok"
    return JsonResponse(
        {"status": "ok" if well else "degraded", **state}, status=200 if well else 503
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)
