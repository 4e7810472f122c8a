from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TwofactorConfig(AppConfig):
    name = "twofactor"
    verbose_name = _("Signing in")

    def ready(self) -> None:
        from twofactor import receivers  # noqa: PLC0415 - models must be loaded first

        receivers.connect()
