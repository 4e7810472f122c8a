"""One account that listens: its socket, the asking without one, and its open questions."""

import asyncio
import contextlib
from typing import Any, Final

from devices.client import provisioning, recovered
from devices.client.accounts import ACTIVE, PENDING
from devices.client.calls import Calls, SlowDown
from devices.client.case import Case
from devices.client.courier import Courier
from devices.client.desk import Desk
from devices.client.errors import ClientError, NetworkProblem, Refused
from devices.client.identity import Identity, forgotten_when_revoked
from devices.client.questions import Question, Unshowable, verified
from devices.client.sockets import DeviceSocket, Dropped, open_socket
from devices.client.terminal import short
from devices.client.waits import Waits
from devices.messages import int_member, text_member
from devices.protocol import ProtocolError

_RECHECK_SECONDS: Final = 20
_SOCKET: Final = "socket"
_ASKING: Final = "asking"


class Listener:
    def __init__(self, *, identity: Identity, calls: Calls, desk: Desk, waits: Waits) -> None:
        self._identity = identity
        self._calls = calls
        self._desk = desk
        self._waits = waits
        self._courier = Courier(identity, calls)
        self._cases: dict[str, Case] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._complaints: set[tuple[str, str]] = set()
        self._noted: set[str] = set()
        self._ever_reached = False
        self._way = ""
        self._loss_told = False

    async def run(self) -> None:
        """Ends only by an exception: Revoked, Refused, Untrusted, or NetworkProblem with --once."""
        try:
            while True:
                with contextlib.suppress(Dropped):
                    async with open_socket(self._identity) as socket:
                        self._waits.reset()
                        await self._converse(socket)
                if self._way == _SOCKET:
                    self._lose()
                if not self._ever_reached:
                    await self._first_look()
                await self._waits.spend(self._look)
        finally:
            for task in self._settling:
                task.cancel()
            await asyncio.gather(*self._settling, return_exceptions=True)

    # With a socket

    async def _converse(self, socket: DeviceSocket) -> None:
        self._reach(_SOCKET)
        with self._courier.using(socket):
            await self._complete()
            while True:
                try:
                    async with asyncio.timeout(_RECHECK_SECONDS):
                        message = await socket.receive()
                except TimeoutError:  # a word that was lost on the way is found by asking
                    await self._fetch()
                else:
                    await self._hear(message)

    async def _hear(self, message: dict[str, Any]) -> None:
        try:
            match message.get("t"):
                case "request":
                    self._consider(message)
                case "closed":
                    self._close(text_member(message, "challenge"), text_member(message, "state"))
                case "notice":
                    await self._note(message)
                case "result":
                    self._courier.hear_result(message)
                case "active":
                    self._identity.learn(state=ACTIVE)
                    await self._complete()
        except ProtocolError as error:
            self._complain("bad_message", f"the server sent a message that is none. {error}")

    async def _complete(self) -> None:
        """Fetches the secrets of a device that was confirmed while nobody listened."""
        if self._identity.account.state == ACTIVE:
            try:
                await provisioning.complete(self._identity, self._calls, self._desk.terminal)
            except (NetworkProblem, Refused) as error:  # the next connection tries again
                self._complain("not_provisioned", f"no one-time codes here yet. {error}")

    # Without a socket

    async def _first_look(self) -> None:
        """With neither socket nor HTTP at the very start, --once ends instead of waiting."""
        await self._look()
        if self._desk.once and not self._ever_reached:
            raise NetworkProblem(f"{self._identity.account.host} cannot be reached.")

    async def _look(self) -> bool:
        """Never content: the socket is opened again when its wait is over."""
        if not await self._fetch():
            self._lose()
        return False

    async def _fetch(self) -> bool:
        """Asks for the open requests; False when the server cannot be reached."""
        known = dict(self._cases)
        try:
            if self._identity.account.state == PENDING:
                await self._fetch_state()
            if self._identity.account.state == ACTIVE:
                await self._fetch_requests(known)
        except (NetworkProblem, SlowDown, ProtocolError):
            return False
        self._reach(_ASKING)
        return True

    async def _fetch_state(self) -> None:
        answer = await self._calls.signed(self._identity, "GET", "/device/v1/device")
        if answer.get("state") == ACTIVE:
            self._identity.learn(state=ACTIVE)
            await self._complete()

    async def _fetch_requests(self, known: dict[str, Case]) -> None:
        answer = await self._calls.signed(self._identity, "GET", "/device/v1/requests")
        self._identity.learn_time(int_member(answer, "time"))
        requests = answer.get("requests")
        if not isinstance(requests, list):
            raise ProtocolError("The member requests is no list.")
        messages = [message for message in requests if isinstance(message, dict)]
        for message in messages:
            self._consider(message)
        notices = answer.get("notices", [])  # not every server has them
        for notice in notices if isinstance(notices, list) else []:
            if isinstance(notice, dict):
                await self._note(notice)
        still_open = {message.get("challenge") for message in messages}
        for challenge in known.keys() - still_open:
            self._close(challenge, "over")

    # Questions

    def _consider(self, message: dict[str, Any]) -> None:
        """Opens a case for a request that is new and verifies; nothing of another one is shown."""
        try:
            question = verified(message, self._identity)
        except Unshowable as reason:
            self._complain(reason.word, str(reason), str(message.get("challenge")))
            return
        if question.challenge not in self._cases:
            self._open(question)

    def _open(self, question: Question) -> None:
        case = Case(question, self._identity)
        self._cases[question.challenge] = case
        task = asyncio.create_task(self._settle(case))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle(self, case: Case) -> None:
        try:
            with forgotten_when_revoked(self._identity):
                outcome = await case.settle(self._desk, self._courier)
        except ClientError as error:
            self._desk.terminal.warn(str(error))
            outcome = error.exit_code
        self._desk.finish(outcome)

    async def _note(self, message: dict[str, Any]) -> None:
        """News about the account, once; the server tells it until it hears that it was seen."""
        notice, text = text_member(message, "notice"), text_member(message, "text")
        if notice in self._noted:
            return
        self._noted.add(notice)
        account = self._identity.account
        self._desk.terminal.say(f"{account.host}, {short(account.login)}: {short(text)}")
        if message.get("kind") == recovered.KIND:  # it stays until a person has said yes or no
            self._desk.terminal.say("If it was not you: python -m devices.client veto")
        else:
            await self._courier.seen(notice)

    def _close(self, challenge: str, state: str) -> None:
        if challenge in self._cases:
            self._cases[challenge].close(state)

    # What the person hears

    def _reach(self, way: str) -> None:
        if self._way in (way, _SOCKET):
            return
        account = self._identity.account
        how = "" if way == _SOCKET else " (by asking, without a socket)"
        self._desk.terminal.say(f"Connected to {account.host} as {short(account.login)}{how}")
        self._way, self._ever_reached, self._loss_told = way, True, False

    def _lose(self) -> None:
        if not self._loss_told:
            host = self._identity.account.host
            self._desk.terminal.warn(f"No connection to {host}; connecting again.")
        self._way, self._loss_told = "", True

    def _complain(self, word: str, reason: str, about: str = "") -> None:
        """Once for each request: asking again brings the same request again."""
        if (word, about) not in self._complaints:
            self._complaints.add((word, about))
            self._desk.terminal.warn(f"{word}: {reason}")
