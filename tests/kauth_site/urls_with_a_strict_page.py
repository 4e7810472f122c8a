"""The site's pages, and one as another developer would guard it: with django-otp's decorator."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django_otp.decorators import otp_required

from kauth_site import urls as site


@otp_required  # type: ignore[untyped-decorator]
def strict(request: HttpRequest) -> HttpResponse:
    return HttpResponse("for two factors")


urlpatterns = [*site.urlpatterns, path("strict/", strict)]
