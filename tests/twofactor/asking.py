"""A question to a person, asked by a session, as most tests of answers need one."""

from typing import Any

from devices.protocol import unb64
from tests.linked import Linked
from tests.people import VISITOR
from tests.software_device import SoftwareDevice
from twofactor import answers, challenges, requests
from twofactor.models import Challenge, Purpose, State

BINDING = "b" * 64


def ask(person: Linked, *, binding: str = BINDING, known: bool = True) -> Challenge:
    """Asked from a browser that is known (YES / NO), or new (a number)."""
    browser = person.user.known_browsers.create(name="Firefox on Linux") if known else None
    return challenges.issue(
        user=person.user,
        purpose=Purpose.LOGIN,
        binding=binding,
        visitor=VISITOR,
        known_browser=browser,
    )


def answer(
    person: Linked,
    challenge: Challenge,
    decision: str = "approve",
    number: str = "",
    *,
    by: SoftwareDevice | None = None,
    **spoiled: Any,
) -> State:
    """The device's signed answer, with the members of `spoiled` put in its place."""
    phone = by or person.phone
    body = phone.answer_body(requests.message(challenge, person.row), decision, number)
    given: dict[str, Any] = {
        "challenge_id": body["challenge"],
        "device": person.row,
        "decision": decision,
        "number": number,
        "signature": unb64(body["sig"]),
    }
    return answers.take(visitor=VISITOR, **(given | spoiled))


def consume(person: Linked, challenge: Challenge, binding: str = BINDING) -> Challenge:
    return challenges.consume(challenge_id=challenge.pk, user=person.user, binding=binding)
