"""The private PostgreSQL of a test run: the same as that of `make run-full`."""

from deploy.local.postgresql import program, running

__all__ = ["program", "running"]
