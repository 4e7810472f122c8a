#!/usr/bin/env python
"""Django's command line for kAuth."""

import sys

from django.core.management import execute_from_command_line

from kauth_site import starting


def main() -> None:
    starting.read_settings()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
