from django.urls import path

from devices import api, app_views, veto_views, views

app_name = "devices"

urlpatterns = [
    path("2fa/add/kauth/", views.link, name="link"),
    path("2fa/add/kauth/state/", views.link_state, name="link_state"),
    path("2fa/devices/<uuid:public_id>/", views.device, name="device"),
    path("2fa/devices/<uuid:public_id>/veto/", veto_views.in_session, name="veto_in_session"),
    path("2fa/veto/<str:token>/", veto_views.by_mail, name="veto"),
    path("app/", app_views.shell, name="app"),
    path("app/link", app_views.shell, name="app_link"),
    path("app/authorize", app_views.authorize, name="app_authorize"),
    path("app/manifest.webmanifest", app_views.manifest, name="app_manifest"),
    path("app/service-worker.js", app_views.service_worker, name="app_worker"),
    path("device/v1/links", api.links, name="api_links"),
    path("device/v1/device", api.device, name="api_device"),
    path("device/v1/veto", api.veto, name="api_veto"),
    path("device/v1/push", api.push, name="api_push"),
]
