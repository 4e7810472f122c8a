"""The site's own app: the admin site that knows only our login, and the joining commands."""

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.core import checks
from django.db.models.signals import post_migrate


class KauthSiteConfig(AppConfig):
    name = "kauth_site"

    def ready(self) -> None:
        # Settings and models must be complete first.
        from kauth_site import checks as ours  # noqa: PLC0415
        from kauth_site import roles  # noqa: PLC0415

        # After the last of the apps whose permissions they have.
        post_migrate.connect(roles.make, sender=apps.get_app_config("twofactor"))
        for check in (ours.keys, ours.redis, ours.address):
            checks.register(check, checks.Tags.security, deploy=True)


class KauthAdminConfig(AdminConfig):
    default_site = "kauth_site.admin.KauthAdminSite"
