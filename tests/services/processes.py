"""Programs that a test run starts, by the same hand as `make run-full`."""

from deploy.local.processes import (
    MissingProgramError,
    answers,
    find,
    free_port,
    private_folder,
    stop,
    wait_until,
)

__all__ = [
    "MissingProgramError",
    "answers",
    "find",
    "free_port",
    "private_folder",
    "stop",
    "wait_until",
]
