"""How the command-line device ends: an exit code for each way, and exceptions that carry them."""

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    DENIED = 1
    USAGE = 2
    OVER = 3
    REVOKED = 4
    REFUSED = 5
    NETWORK = 6
    STORE = 7
    NOT_CONFIRMED = 8
    UNTRUSTED = 9


EXIT_CODES = """\
exit codes:
  0  done; for listen --once: approved
  1  listen --once: denied or reported
  2  the command line is wrong, or something it needs is missing
  3  listen --once: over before it could be answered (expired, superseded, answered elsewhere)
  4  the server has unlinked this device; it is forgotten here
  5  refused by the server (a wrong number, an offer that has ended, the last factor, ...)
  6  the server cannot be reached
  7  trouble with the store, its passphrase or a secret in it
  8  link: the computer said no, or the offer ended before it said yes
  9  the server could not prove that it is the one that was linked
  130, 143  stopped by Ctrl-C or SIGTERM
"""


class ClientError(Exception):
    """Ends a command. Its text is for people and is printed."""

    exit_code: ExitCode


class UsageProblem(ClientError):
    exit_code = ExitCode.USAGE


class Revoked(ClientError):
    """The server has unlinked this device; the account is to be forgotten here."""

    exit_code = ExitCode.REVOKED


class Refused(ClientError):
    """The server said no, with one of the codes of docs/protocol.md."""

    exit_code = ExitCode.REFUSED

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code})" if detail else code)
        self.code = code


class NetworkProblem(ClientError):
    exit_code = ExitCode.NETWORK


class StoreProblem(ClientError):
    exit_code = ExitCode.STORE


class NotConfirmed(ClientError):
    exit_code = ExitCode.NOT_CONFIRMED


class Untrusted(ClientError):
    """A signature or key is not the pinned server's. Nothing it said may be shown or believed."""

    exit_code = ExitCode.UNTRUSTED
