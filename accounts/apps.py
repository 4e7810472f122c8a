from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and what happened")

    def ready(self) -> None:
        from accounts import append_only, people  # noqa: PLC0415 - as the site's own checks do

        post_migrate.connect(append_only.guard, sender=self)
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(people.remember_login)
