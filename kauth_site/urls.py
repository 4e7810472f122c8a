from django.contrib import admin
from django.urls import include, path, re_path

from devices import api
from kauth_site import report_views, views

urlpatterns = [
    path("", views.index, name="index"),
    path("manager/", views.manager, name="manager"),
    path("readyz", views.readyz, name="readyz"),
    path("csp-report", report_views.csp_report, name="csp_report"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("devices.urls")),
    path("", include("twofactor.urls")),
    # Last: what no app has taken below the address of the device protocol.
    re_path(r"^device/v1(?:/|$)", api.nowhere),
]

handler400 = "kauth_site.views.bad_request"
