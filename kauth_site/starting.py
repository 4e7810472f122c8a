"""How each program of kAuth begins: it reads the settings, and says in a sentence why it cannot."""

import os
import sys
from importlib import import_module

from django.conf import LazySettings, settings
from django.core.exceptions import ImproperlyConfigured

from kauth_site.secret_files import SecretFileError


def read_settings(exit_code: int = 1) -> LazySettings:
    """Settings that cannot be used end the program with that sentence and with `exit_code`."""
    module = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauth_site.settings")
    try:
        import_module(module)
    except (ImproperlyConfigured, SecretFileError) as error:
        sys.stderr.write(f"kAuth cannot start. {error}\n")
        sys.exit(exit_code)
    return settings
