"""The site's pages, and one that fails: so that its error page can be looked at."""

from typing import NoReturn

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest
from django.urls import path

from kauth_site import urls as site


def fault(request: HttpRequest) -> NoReturn:
    raise RuntimeError("a secret that no page may tell")


def forbidden(request: HttpRequest) -> NoReturn:
    raise PermissionDenied("a secret that no page may tell")


def suspicious(request: HttpRequest) -> NoReturn:
    raise SuspiciousOperation("a secret that no page may tell")


urlpatterns = [
    *site.urlpatterns,
    path("fault/", fault),
    path("forbidden/", forbidden),
    path("suspicious/", suspicious),
]

handler400 = site.handler400
