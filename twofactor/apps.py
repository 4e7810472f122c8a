from django.apps import AppConfig


class TwofactorConfig(AppConfig):
    name = "twofactor"

    def ready(self) -> None:
        from twofactor import receivers  # noqa: PLC0415 - models must be loaded first

        receivers.connect()
