"""One question from its arrival to its outcome: shown, answered, delivered, or over before that."""

import asyncio
from typing import Any, Final

from devices.client.courier import Courier
from devices.client.desk import Desk
from devices.client.errors import ExitCode, NetworkProblem, UsageProblem
from devices.client.identity import Identity
from devices.client.questions import APPROVE, DENY, REPORT, STATE_AFTER, Question
from devices.client.replies import Reply
from devices.client.terminal import short
from devices.protocol import ErrorCode

_DONE: Final = {
    APPROVE: ("Approved.", ExitCode.DONE),
    DENY: ("Denied.", ExitCode.DENIED),
    REPORT: ("Reported. Choose a new password: whoever asked knows yours.", ExitCode.DENIED),
}
_UNKNOWN: Final = "unknown"
_TOO_LATE: Final = frozenset({ErrorCode.NOT_PENDING, ErrorCode.EXPIRED, ErrorCode.NOT_FOUND})


class Case:
    def __init__(self, question: Question, identity: Identity) -> None:
        self.question = question
        self._identity = identity
        self._closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def close(self, state: str) -> None:
        """The server says that the challenge is no longer open; the question is withdrawn."""
        if not self._closed.done():
            self._closed.set_result(state)

    async def settle(self, desk: Desk, courier: Courier) -> ExitCode:
        host = self._identity.account.host
        async with desk.turn(self.question, host):
            if self._closed.done():
                return desk.report_closed(self._closed.result())
            desk.show(self.question, host, self._seconds_left())
            await courier.seen(self.question.challenge)
            try:
                reply = await desk.reply(self.question, self._closed, self._seconds_left())
            except UsageProblem as problem:
                return desk.report_missing(problem)
            if isinstance(reply, str):
                return desk.report_closed(reply)
            return await self._deliver(reply, desk, courier)

    def _seconds_left(self) -> int:
        return max(0, self.question.expires - self._identity.server_time())

    async def _deliver(self, reply: Reply, desk: Desk, courier: Courier) -> ExitCode:
        answer = self.question.answer(self._identity, reply.decision, reply.number)
        try:
            result = await courier.deliver(answer, self.question.expires)
        except NetworkProblem as problem:
            desk.terminal.warn(f"Your answer did not arrive. {problem}")
            return problem.exit_code
        return self._outcome(reply, result, desk)

    def _outcome(self, reply: Reply, result: dict[str, Any], desk: Desk) -> ExitCode:
        if result.get("ok") is not True and result.get("error") not in _TOO_LATE:
            desk.terminal.warn(f"The server refused the answer: {short(str(result.get('error')))}.")
            return ExitCode.REFUSED
        expected = STATE_AFTER[reply.decision]
        state = self._state_after(result, expected)
        if state == _UNKNOWN:
            desk.terminal.warn("The connection was lost while your answer was on its way.")
            desk.terminal.warn("The request is closed; the login page shows how.")
            return ExitCode.NETWORK
        if state == "failed":
            desk.terminal.say("Not approved: the number is wrong. Sign in again for a new one.")
            return ExitCode.REFUSED
        if state != expected:
            return desk.report_closed(state)
        words, outcome = _DONE[reply.decision]
        desk.terminal.say(words)
        return outcome

    def _state_after(self, result: dict[str, Any], expected: str) -> str:
        """What the challenge has come to, as far as the server has said it."""
        if result.get("ok") is True:
            return str(result.get("state", expected))
        if self._closed.done():
            return self._closed.result()
        return _UNKNOWN if result.get("repeated") else "over"
