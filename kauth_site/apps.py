"""The site's own app: the admin site that knows only our login, and the joining commands."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class KauthSiteConfig(AppConfig):
    name = "kauth_site"


class KauthAdminConfig(AdminConfig):
    default_site = "kauth_site.admin.KauthAdminSite"
