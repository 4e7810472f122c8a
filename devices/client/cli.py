"""The command line of the device: its words, its options, and the exit code of every end."""

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from devices.client import commands
from devices.client.commands import Session
from devices.client.errors import EXIT_CODES, ClientError, ExitCode
from devices.client.questions import APPROVE, DENY, REPORT
from devices.client.replies import NUMBER
from devices.client.store import STORE_VARIABLE, Store, default_path
from devices.client.terminal import Terminal, safe
from devices.client.vault import PASSPHRASE_VARIABLE
from devices.client.waits import Waits

_MAX_NAME: Final = 40
_STOPPED: Final = 128
_LONGEST_ABSENCE: Final = 720
Command = Callable[[Session, argparse.Namespace], Awaitable[ExitCode]]


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_characters(stream)
    signal.signal(signal.SIGTERM, _stop)
    terminal = Terminal()
    try:
        return asyncio.run(run(options, terminal, Waits()))
    except KeyboardInterrupt:
        terminal.say()
        return _STOPPED + signal.SIGINT
    except BrokenPipeError:  # nobody reads what is said here any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _STOPPED + signal.SIGPIPE


async def run(options: argparse.Namespace, terminal: Terminal, waits: Waits) -> int:
    session = Session(
        terminal=terminal,
        store=Store(options.store or default_path()),
        passphrase_file=options.passphrase_file,
        waits=waits,
    )
    command: Command = options.command
    try:
        return await command(session, options)
    except ClientError as error:
        terminal.warn(str(error))
        return error.exit_code


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m devices.client",
        description="A kAuth device for the command line: approves sign-ins and shows codes.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_store_options(top, default=None)
    everywhere = argparse.ArgumentParser(add_help=False)
    # SUPPRESS: an option before the command must not be undone by its default after it.
    _add_store_options(everywhere, default=argparse.SUPPRESS)
    names = top.add_subparsers(required=True, metavar="COMMAND")
    for add in (
        _add_link,
        _add_accounts,
        _add_listen,
        _add_code,
        _add_away,
        _add_veto,
        _add_unlink,
    ):
        add(names, everywhere)
    return top


def _add_store_options(to: argparse.ArgumentParser, default: Any) -> None:
    shown_path = str(default_path()).replace("%", "%%")
    to.add_argument(
        "--store",
        type=Path,
        default=default,
        metavar="PATH",
        help=f"the file of the linked accounts (or {STORE_VARIABLE}; default: {shown_path})",
    )
    to.add_argument(
        "--passphrase-file",
        type=Path,
        default=default,
        metavar="PATH",
        help=f"its first line opens the store (or {PASSPHRASE_VARIABLE})",
    )


def _add(names: Any, parent: argparse.ArgumentParser, command: Command, text: str) -> Any:
    one = names.add_parser(
        command.__name__,
        parents=[parent],
        help=text,
        description=text,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.set_defaults(command=command)
    return one


def _add_link(names: Any, parent: argparse.ArgumentParser) -> None:
    one = _add(names, parent, commands.link, "Link this device with an account.")
    one.add_argument("url", metavar="URL", help="the link below the QR code, in quotes")
    one.add_argument("--name", type=_device_name, default=_default_name(), help="its name there")
    one.add_argument(
        "--no-wait", dest="wait", action="store_false", help="do not wait for the computer's yes"
    )


def _add_accounts(names: Any, parent: argparse.ArgumentParser) -> None:
    one = _add(names, parent, commands.accounts, "List the linked accounts.")
    one.add_argument("--json", action="store_true", help="for programs")


def _add_listen(names: Any, parent: argparse.ArgumentParser) -> None:
    one = _add(names, parent, commands.listen, "Wait for sign-in requests and answer them.")
    one.add_argument(
        "account", metavar="ACCOUNT", nargs="*", help="login, login@host or start of the device id"
    )
    decision = one.add_mutually_exclusive_group()
    for flag, value, text in (
        ("--yes", APPROVE, "approve without asking"),
        ("--no", DENY, "deny without asking"),
        ("--report", REPORT, "deny without asking: it was not me"),
    ):
        decision.add_argument(flag, dest="decision", action="store_const", const=value, help=text)
    one.add_argument(
        "--number",
        type=_number,
        metavar="N",
        help="with --yes: the login page's number",
    )
    one.add_argument("--once", action="store_true", help="end after the first request")


def _add_code(names: Any, parent: argparse.ArgumentParser) -> None:
    one = _add(names, parent, commands.code, "Show the 30-second code. Needs no network.")
    one.add_argument(
        "account", metavar="ACCOUNT", nargs="?", help="which one, if there are several"
    )


def _add_away(names: Any, parent: argparse.ArgumentParser) -> None:
    one = _add(names, parent, commands.away, "Refuse all sign-in requests for a while.")
    one.add_argument(
        "account", metavar="ACCOUNT", nargs="?", help="which one, if there are several"
    )
    change = one.add_mutually_exclusive_group()
    change.add_argument(
        "--hours", type=_hours, metavar="N", help="from now on for 1 to 720; without it, only tells"
    )
    change.add_argument("--back", action="store_true", help="you are back: end it now")


def _add_veto(names: Any, parent: argparse.ArgumentParser) -> None:
    one = _add(
        names, parent, commands.veto, "Remove what was added after a recovery, while it is new."
    )
    one.add_argument(
        "account", metavar="ACCOUNT", nargs="?", help="which one, if there are several"
    )
    one.add_argument("--remove", action="store_true", help="remove all of it without asking")


def _add_unlink(names: Any, parent: argparse.ArgumentParser) -> None:
    one = _add(names, parent, commands.unlink, "Unlink this device from an account.")
    one.add_argument(
        "account", metavar="ACCOUNT", nargs="?", help="which one, if there are several"
    )
    one.add_argument("--local", action="store_true", help="forget it here, without the server")


def _device_name(text: str) -> str:
    name = " ".join(safe(text).split())
    if not 0 < len(name) <= _MAX_NAME:
        raise argparse.ArgumentTypeError(f"a name has 1 to {_MAX_NAME} characters")
    return name


def _default_name() -> str:
    return safe(socket.gethostname())[:_MAX_NAME] or "Command line"


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _LONGEST_ABSENCE):
        raise argparse.ArgumentTypeError(f"1 to {_LONGEST_ABSENCE} hours")
    return int(text)


def _number(text: str) -> str:
    if not NUMBER.fullmatch(text):
        raise argparse.ArgumentTypeError("a number has 2 to 6 digits")
    return text


def _never_fail_on_characters(stream: Any) -> None:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(_STOPPED + number)
