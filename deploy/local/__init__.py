"""The full mode on this machine, for a look and for tests: `python -m deploy.local`."""
