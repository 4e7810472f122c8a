from django.urls import path

from accounts import address_views, manager_views, views

app_name = "accounts"

urlpatterns = [
    path("login/", views.login, name="login"),
    path("login/second-factor/", views.second_factor, name="second_factor"),
    path("login/again/", views.reauthenticate, name="reauthenticate"),
    path("logout/", views.logout, name="logout"),
    path("signup/", views.signup, name="signup"),
    path("password/change/", views.password_change, name="password_change"),
    path("password/reset/", views.password_reset, name="password_reset"),
    path(
        "password/reset/<str:uid>/<str:token>/",
        views.password_reset_confirm,
        name="password_reset_confirm",
    ),
    path("manager/activity/", manager_views.activity_page, name="activity"),
    path("manager/activity/download/", manager_views.activity_download, name="activity_download"),
    path("manager/sessions/", manager_views.sessions_page, name="sessions"),
    path("manager/browsers/", manager_views.browsers_page, name="browsers"),
    path("manager/address/", address_views.address_page, name="address"),
    path("address/<str:token>/", address_views.address_link, name="address_link"),
]
