from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = _("Devices and linking")

    def ready(self) -> None:
        from devices import receivers  # noqa: PLC0415 - models must be loaded first

        receivers.connect()
