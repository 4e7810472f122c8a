"""Fetches once what an active device needs to work offline, and shows new backup codes."""

from typing import Any

from devices.client import totp
from devices.client.calls import Calls
from devices.client.errors import Refused
from devices.client.identity import Identity
from devices.client.terminal import Terminal, short
from devices.protocol import ErrorCode, ProtocolError


async def complete(identity: Identity, calls: Calls, terminal: Terminal) -> None:
    """Safe to repeat: until the server has the confirmation, everything can be fetched again."""
    if identity.account.provisioned:
        return
    try:
        answer = await calls.signed(identity, "POST", "/device/v1/provision")
    except Refused as refused:
        if refused.code != ErrorCode.ALREADY_PROVISIONED:
            raise
        _already_provisioned(identity, terminal)
        return
    try:
        secret = totp.secret_of(answer)
    except ProtocolError as error:
        raise Refused("bad_provision", str(error)) from error
    identity.account = identity.wallet.keep_totp_secret(identity.account, secret)
    _show_backup_codes(answer.get("backup_codes"), identity, terminal)
    await calls.signed(identity, "POST", "/device/v1/provisioned")
    identity.learn(provisioned=True)


def _already_provisioned(identity: Identity, terminal: Terminal) -> None:
    identity.learn(provisioned=True)
    if not identity.account.totp:
        terminal.warn("The one-time-code secret was fetched before and is not here.")
        terminal.warn("Sign-in requests work. For codes: unlink this device and link it again.")


def _show_backup_codes(codes: Any, identity: Identity, terminal: Terminal) -> None:
    if not isinstance(codes, list) or not codes:
        return
    terminal.say(f"Backup codes of {identity.account.title}. Each works once, without a device.")
    for code in codes:
        terminal.say(f"  {short(str(code))}")
    terminal.say("Keep them where you find them when this device is lost.")
