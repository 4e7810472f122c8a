from django.urls import path

from twofactor import (
    absence_views,
    api,
    method_views,
    not_me_views,
    recovery_views,
    section_views,
    views,
    way_views,
)

app_name = "twofactor"

urlpatterns = [
    path("login/verify/", views.verify, name="verify"),
    path("login/verify/state/", views.verify_state, name="verify_state"),
    path("login/verify/again/", views.verify_again, name="verify_again"),
    path("login/verify/cancel/", views.verify_cancel, name="verify_cancel"),
    path("login/verify/code/", way_views.code, name="code"),
    path("login/verify/backup-code/", way_views.backup_code, name="backup_code"),
    path("login/verify/key/", way_views.key, name="key"),
    path("2fa/", section_views.overview, name="overview"),
    path("2fa/add/", section_views.add, name="add"),
    path("2fa/add/otp/", method_views.add_otp, name="add_otp"),
    path("2fa/add/key/", method_views.add_key, name="add_key"),
    path("2fa/keys/<uuid:public_id>/", method_views.method, {"kind": "keys"}, name="security_key"),
    path("2fa/otp/<uuid:public_id>/", method_views.method, {"kind": "otp"}, name="otp_app"),
    path("2fa/<slug:kind>/<uuid:public_id>/remove/", method_views.remove, name="remove"),
    path("2fa/<slug:kind>/<uuid:public_id>/veto/", recovery_views.veto, name="veto"),
    path("2fa/backup-codes/", section_views.backup_codes_page, name="backup_codes"),
    path(
        "2fa/backup-codes/download/",
        section_views.backup_codes_download,
        name="backup_codes_download",
    ),
    path("not-me/<str:token>/", not_me_views.page, name="not_me"),
    path("manager/away/", absence_views.away, name="away"),
    path("device/v1/away", api.away, name="api_away"),
    path("device/v1/requests", api.requests_open, name="api_requests"),
    path("device/v1/answers", api.post_answer, name="api_answers"),
    path("device/v1/seen", api.seen, name="api_seen"),
    path("device/v1/test", api.test, name="api_test"),
    path("device/v1/provision", api.provision, name="api_provision"),
    path("device/v1/provisioned", api.provisioned, name="api_provisioned"),
]
