#!/usr/bin/env python
"""Django's command line for kAuth."""

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from kauth_site.secret_files import SecretFileError


def main() -> None:
    """Runs a command. Settings that cannot be used end in one sentence and with 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauth_site.settings")
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except (ImproperlyConfigured, SecretFileError) as error:
        sys.exit(f"kAuth cannot start. {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
