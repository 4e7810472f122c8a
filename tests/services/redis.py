"""The private Redis of a test run: the same as that of `make run-full`."""

from deploy.local.redis import running

__all__ = ["running"]
