"""The commands of the command-line device: each opens what it needs and nothing more."""

import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.client import recovered, totp
from devices.client.accounts import CLAIMING, Account, choose
from devices.client.calls import Calls
from devices.client.errors import ClientError, ExitCode, Refused, StoreProblem, UsageProblem
from devices.client.identity import Identity, forgotten_when_revoked, local_time
from devices.client.link import Linking
from devices.client.listen import listen as listen_to
from devices.client.network import http_client
from devices.client.replies import Options, Person
from devices.client.store import Store
from devices.client.terminal import Terminal, short
from devices.client.vault import KeySource
from devices.client.waits import Waits
from devices.client.wallet import Wallet
from devices.protocol import ErrorCode, ProtocolError, parse_link

LAST_SECOND = 2**32


@dataclass(frozen=True)
class Session:
    """What one run of the program has: its terminal, its store, its patience."""

    terminal: Terminal
    store: Store
    passphrase_file: Path | None
    waits: Waits

    def wallet(self) -> Wallet:
        source = KeySource(self.terminal, self.store.key_file, self.passphrase_file)
        return Wallet(self.store, self.store.open_vault(source))

    def accounts(self) -> list[Account]:
        return [account for account in self.store.read().accounts if account.state != CLAIMING]


async def link(session: Session, options: Namespace) -> ExitCode:
    try:
        offer = parse_link(options.url)
    except ProtocolError as error:
        raise UsageProblem(str(error)) from error
    wallet = session.wallet()
    async with http_client() as http:
        linking = Linking(
            link=offer,
            wallet=wallet,
            calls=Calls(http, offer.origin),
            terminal=session.terminal,
        )
        await linking.run(name=options.name, wait=options.wait, waits=session.waits)
    return ExitCode.DONE


async def accounts(session: Session, options: Namespace) -> ExitCode:
    linked = session.accounts()
    if options.json:
        session.terminal.say_json([_as_json(account) for account in linked])
        return ExitCode.DONE
    for account in linked:
        facts = (account.login, account.host, account.state, account.name, account.device)
        session.terminal.say("  ".join(short(fact) for fact in facts))
    if not linked:
        session.terminal.say("No account is linked here.")
    return ExitCode.DONE


def _as_json(account: Account) -> dict[str, Any]:
    return {
        "login": account.login,
        "host": account.host,
        "origin": account.origin,
        "state": account.state,
        "name": account.name,
        "device": account.device,
        "account": account.account,
        "server_id": account.server_id,
        "has_codes": bool(account.totp),
    }


async def listen(session: Session, options: Namespace) -> ExitCode:
    linked = session.accounts()
    wanted = [choose(linked, name) for name in options.account] or linked or [choose([], None)]
    wallet = session.wallet()
    person = Person(session.terminal)
    replies: Person | Options = person
    if options.decision:
        asks = person if session.terminal.has_person else None
        replies = Options(options.decision, options.number or "", asks)
    async with http_client() as http:
        return await listen_to(
            [Identity(wallet, account) for account in dict.fromkeys(wanted)],
            http=http,
            terminal=session.terminal,
            replies=replies,
            once=options.once,
            waits=session.waits,
        )


async def code(session: Session, options: Namespace) -> ExitCode:
    account = choose(session.accounts(), options.account)
    if not account.totp:
        raise StoreProblem(f"{account.title} has no codes here yet. Run listen while online.")
    secret = session.wallet().totp_secret(account)
    now = local_time() + account.clock_offset
    session.terminal.say(totp.code(secret, now))
    session.terminal.say(f"{totp.seconds_left(now)} seconds left")
    return ExitCode.DONE


async def away(session: Session, options: Namespace) -> ExitCode:
    """No requests for a while, for all devices of the account; codes work meanwhile."""
    account = choose(session.accounts(), options.account)
    identity = Identity(session.wallet(), account)
    method, body = "GET", None
    if options.back:
        method = "DELETE"
    elif options.hours:
        method, body = "PUT", {"until": identity.server_time() + options.hours * 3600}
    async with http_client() as http:
        with forgotten_when_revoked(identity):
            answer = await Calls(http, account.origin).signed(
                identity, method, "/device/v1/away", body
            )
    session.terminal.say(_away_in_words(account, answer.get("until")))
    return ExitCode.DONE


async def veto(session: Session, options: Namespace) -> ExitCode:
    """What was added after a recovery of the account, and whether it stays."""
    account = choose(session.accounts(), options.account)
    identity = Identity(session.wallet(), account)
    async with http_client() as http:
        calls = Calls(http, account.origin)
        with forgotten_when_revoked(identity):
            found = await recovered.additions(identity, calls)
            for new in found:
                await recovered.settle(
                    new, identity, calls, session.terminal, ask=not options.remove
                )
    if not found:
        who = f"{short(account.login)} on {account.host}"
        session.terminal.say(f"Nothing new was added to {who} after a recovery.")
    return ExitCode.DONE


def _away_in_words(account: Account, until: object) -> str:
    who = f"{short(account.login)} on {account.host}"
    if not isinstance(until, int) or not 0 < until < LAST_SECOND:
        return f"{who} is not away: sign-in requests reach its devices."
    when = time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(until))
    return f"{who} is away until {when}. Codes work meanwhile."


async def unlink(session: Session, options: Namespace) -> ExitCode:
    account = choose(session.accounts(), options.account)
    if not options.local:
        await _unlink_at_server(Identity(session.wallet(), account))
    session.store.remove(account)
    session.terminal.say(f"Unlinked {short(account.login)} on {account.host}")
    if options.local:
        session.terminal.say(
            f"The server does not know it yet: remove the device on {account.origin}/2fa/ too."
        )
    return ExitCode.DONE


async def _unlink_at_server(identity: Identity) -> None:
    account = identity.account
    async with http_client() as http:
        try:
            with forgotten_when_revoked(identity):
                await Calls(http, account.origin).signed(identity, "DELETE", "/device/v1/device")
        except Refused as refused:
            raise _unlink_refused(account, refused) from refused


def _unlink_refused(account: Account, refused: Refused) -> ClientError:
    if refused.code == ErrorCode.LAST_FACTOR:
        return Refused(
            refused.code,
            f"This is the last second factor of {short(account.login)}. Add another one or switch "
            f"two-factor authentication off on {account.origin}/2fa/ first.",
        )
    return Refused(refused.code, f"{short(str(refused))}. --local forgets the account here only.")
