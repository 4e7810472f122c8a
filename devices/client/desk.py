"""One person at one terminal: the questions of all accounts, one after the other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from devices.client.errors import ExitCode, UsageProblem
from devices.client.questions import Question
from devices.client.replies import Replies, Reply
from devices.client.terminal import Terminal, short

_CLOSED: Final = {
    "approved": "it was approved elsewhere",
    "consumed": "it was approved elsewhere",
    "denied": "it was denied elsewhere",
    "reported": "it was reported elsewhere",
    "failed": "a wrong number was typed elsewhere",
    "expired": "it has expired",
    "cancelled": "it was cancelled on the login page",
    "superseded": "a newer request took its place",
    "revoked": "the sign-in was withdrawn",
}


class Desk:
    def __init__(self, *, terminal: Terminal, replies: Replies, once: bool) -> None:
        self.terminal = terminal
        self.once = once
        self.finished: asyncio.Future[ExitCode] = asyncio.get_running_loop().create_future()
        self._replies = replies
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def turn(self, question: Question, host: str) -> AsyncIterator[None]:
        """The terminal for one question; says so when it has to wait for it."""
        if self._turn.locked():
            self.terminal.say()
            self.terminal.say(
                f"Another request waits: {short(question.context.login)} on {host}. "
                "Answer the one above first."
            )
        async with self._turn:
            yield

    def show(self, question: Question, host: str, seconds_left: int) -> None:
        self.terminal.say()
        for line in question.lines(host, seconds_left):
            self.terminal.say(line)

    async def reply(
        self, question: Question, closed: asyncio.Future[str], seconds_left: int
    ) -> Reply | str:
        """The reply, or the state that ended the question before there was one."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds_left
        replying = asyncio.ensure_future(self._replies.to(question))
        either: list[asyncio.Future[Any]] = [replying, closed]
        try:
            await asyncio.wait(either, timeout=seconds_left, return_when=asyncio.FIRST_COMPLETED)
            if replying.done():
                reply = replying.result()
                if reply is not None:
                    return reply
                self.terminal.say()
                self.terminal.warn("Nobody can answer here. The request is left unanswered.")
                await asyncio.wait([closed], timeout=end - clock())
        finally:
            replying.cancel()
        return closed.result() if closed.done() else "expired"

    def report_closed(self, state: str) -> ExitCode:
        self.terminal.say()
        words = _CLOSED.get(state, "it is over")
        self.terminal.say(f"Request closed ({short(state)}): {words}.")
        return ExitCode.OVER

    def report_missing(self, problem: UsageProblem) -> ExitCode:
        self.terminal.warn(str(problem))
        return problem.exit_code

    def finish(self, outcome: ExitCode) -> None:
        """With --once the first outcome ends the command."""
        if self.once and not self.finished.done():
            self.finished.set_result(outcome)
