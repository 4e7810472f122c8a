"""python -m devices.client: the command-line device. Exit codes: errors.py and --help."""

import sys

from devices.client.cli import main

sys.exit(main())
