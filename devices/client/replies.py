"""Where the reply to a question comes from: the options of the command line, or a person."""

import re
from dataclasses import dataclass
from typing import Final, Protocol

from devices.client.errors import UsageProblem
from devices.client.questions import APPROVE, DENY, REPORT, Question
from devices.client.terminal import Terminal

NUMBER: Final = re.compile(r"[0-9]{2,6}")  # ASCII only: int() would take other scripts' digits

_FIRST_WORDS: Final = {
    "y": APPROVE,
    "yes": APPROVE,
    "n": DENY,
    "no": DENY,
    "r": REPORT,
    "report": REPORT,
    "not me": REPORT,
}
_SECOND_WORDS: Final = {"s": DENY, "stopped": DENY, "r": REPORT, "not me": REPORT}


@dataclass(frozen=True, slots=True)
class Reply:
    decision: str
    number: str = ""


class Replies(Protocol):
    async def to(self, question: Question) -> Reply | None:
        """The reply, or None when nobody can give one. UsageProblem says what is missing."""


class Person:
    """Asks in the terminal. The wait for a line can be cancelled at any time."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    async def to(self, question: Question) -> Reply | None:
        self._terminal.lines.forget_typed()
        while True:
            decision = await self.choice("Is it you? y = yes, n = no, r = not me:", _FIRST_WORDS)
            if decision == DENY:
                return await self._after_no()
            if decision != APPROVE or not question.needs_number:
                return Reply(decision) if decision else None
            number = await self.number(question)
            if number != "":
                return None if number is None else Reply(APPROVE, number)

    async def number(self, question: Question) -> str | None:
        """The number; empty: the person turned back; None: the input has ended."""
        while True:
            self._terminal.prompt(
                f"Type the {question.digits}-digit number that the login page shows (Enter = back):"
            )
            line = await self._terminal.lines.next()
            text = None if line is None else line.strip()
            if not text or _fits(text, question):
                return text
            self._terminal.say(f"That is not a number of {question.digits} digits.")

    async def _after_no(self) -> Reply:
        decision = await self.choice(
            "Did you stop it yourself? s = I stopped it myself, r = It was not me:", _SECOND_WORDS
        )
        return Reply(decision or DENY)

    async def choice(self, text: str, words: dict[str, str]) -> str | None:
        while True:
            self._terminal.prompt(text)
            line = await self._terminal.lines.next()
            if line is None:
                return None
            decision = words.get(line.strip().casefold())
            if decision:
                return decision


class Options:
    """Answers as the command line says: --yes, --no, --report, and --number where one is asked."""

    def __init__(self, decision: str, number: str, person: Person | None) -> None:
        self._decision = decision
        self._number = number
        self._person = person

    async def to(self, question: Question) -> Reply | None:
        if self._decision != APPROVE or not question.needs_number:
            return Reply(self._decision)
        if not self._number and self._person is not None:
            number = await self._person.number(question)
            return Reply(APPROVE, number) if number else None
        if not self._number:
            raise UsageProblem(
                "This request asks for the number that the login page shows: give it with "
                "--number. The request is left unanswered."
            )
        if not _fits(self._number, question):
            raise UsageProblem(
                f"This request asks for a number of {question.digits} digits. "
                "The request is left unanswered."
            )
        return Reply(APPROVE, self._number)


def _fits(text: str, question: Question) -> bool:
    return NUMBER.fullmatch(text) is not None and len(text) == question.digits
