"""The site's own app: the admin site that knows only our login, and the joining commands."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core import checks


class KauthSiteConfig(AppConfig):
    name = "kauth_site"

    def ready(self) -> None:
        from kauth_site import checks as ours  # noqa: PLC0415 - settings must be complete first

        for check in (ours.keys, ours.redis, ours.address):
            checks.register(check, checks.Tags.security, deploy=True)


class KauthAdminConfig(AdminConfig):
    default_site = "kauth_site.admin.KauthAdminSite"
