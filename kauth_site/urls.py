from django.contrib import admin
from django.urls import include, path

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
]

handler400 = "kauth_site.views.bad_request"
