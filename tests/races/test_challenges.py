"""Everything that can happen to one sign-in request, at the same moment (D-18, D-19, D-23)."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import EventKind, KnownBrowser, SecurityEvent
from devices import authentication, enrolment, protocol
from devices.exceptions import Refusal
from devices.models import Device, DeviceState
from tests.people import VISITOR, link_device, make_user
from tests.races.crowd import Crowd, unless
from tests.software_device import SoftwareDevice
from twofactor import answers, challenges, overdue, requests
from twofactor.exceptions import NotApproved, Paused
from twofactor.models import Challenge, Purpose, State

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]

ROUNDS = 200
# Long enough for half a round of twelve: the time is over somewhere in the middle of it.
HALF_A_ROUND = timedelta(milliseconds=15)
LONG = timedelta(minutes=2)
BINDING = "b" * 64
Won = Counter[str]
# How often each verb is drawn. Answers take longer to arrive than what needs no signature.
WEIGHTS = [4, 4, 4, 2, 4, 1, 0.3, 0.4]
STATE_OF = {
    "consume": State.CONSUMED,
    "deny": State.DENIED,
    "report": State.REPORTED,
    "cancel": State.CANCELLED,
    "expire": State.EXPIRED,
}


class Ring:
    """One account, two devices and one request that every round brings back to its start."""

    def __init__(self) -> None:
        self.user = make_user()
        self.first, self.second = link_device(self.user), link_device(self.user, "Laptop")
        self.challenge = ask(self)

    def begin(self, state: State, lifetime: timedelta) -> None:
        """All rows as they are when somebody waits: in `state`, for `lifetime` from now."""
        row, device = self.first[1], Device.objects.filter(pk=self.first[1].pk)
        device.update(state=DeviceState.ACTIVE, confirmed=True, revoked_at=None)
        approved = state == State.APPROVED
        Challenge.objects.filter(pk=self.challenge.pk).update(
            state=state,
            ended_at=None,
            answered_by=row if approved else None,
            expires_at=Now() + (LONG if approved else lifetime),
            redeem_until=Now() + lifetime if approved else None,
        )
        row.refresh_from_db()
        self.challenge.refresh_from_db()

    def verbs(self) -> list[tuple[str, Callable[[], bool]]]:
        """What can happen, by name; an act says whether it won."""
        return [
            ("approve", self.answer(self.first, "approve")),
            ("approve", self.answer(self.second, "approve")),
            ("deny", self.answer(self.first, "deny")),
            ("report", self.answer(self.second, "report")),
            ("consume", partial(unless, NotApproved, self.consume)),
            ("expire", self.expire),
            ("cancel", self.cancel),
            ("revoke", self.revoke),
        ]

    def answer(self, linked: tuple[SoftwareDevice, Device], decision: str) -> Callable[[], bool]:
        return partial(unless, Refusal, signed(self.challenge, linked, decision))

    def consume(self) -> Challenge:
        return challenges.consume(challenge_id=self.challenge.pk, user=self.user, binding=BINDING)

    def cancel(self) -> bool:
        return challenges.cancel(challenge_id=self.challenge.pk, binding=BINDING, visitor=VISITOR)

    def expire(self) -> bool:
        return bool(overdue.end(1))

    def revoke(self) -> bool:
        return enrolment.revoke(self.first[1], visitor=VISITOR, by="a race")


def ask(ring: Ring) -> Challenge:
    return challenges.issue(
        user=ring.user,
        purpose=Purpose.LOGIN,
        binding=BINDING,
        visitor=VISITOR,
        known_browser=KnownBrowser(user=ring.user),
    )


def signed(
    challenge: Challenge, linked: tuple[SoftwareDevice, Device], decision: str
) -> Callable[[], State]:
    """The answer as the device signs it, ready to be sent any number of times."""
    device, row = linked
    body = device.answer_body(requests.message(challenge, row), decision)
    given: dict[str, Any] = {
        "challenge_id": challenge.pk,
        "decision": decision,
        "number": "",
        "signature": protocol.unb64(body["sig"]),
    }
    return lambda: answers.take(
        device=authentication.find(str(row.public_id)), visitor=VISITOR, **given
    )


def play(ring: Ring, crowd: Crowd, start: State, lifetime: timedelta, *, piled: bool) -> Won:
    """One round: twelve verbs at once. Returns which ones won."""
    ring.begin(start, lifetime)
    verbs = random.choices(ring.verbs(), WEIGHTS, k=crowd.size)
    acts = [act for _, act in verbs]
    won = crowd.behind_a_lock(ring.challenge, acts) if piled else crowd.at_once(acts)
    ring.challenge.refresh_from_db()
    return Counter(name for (name, _), success in zip(verbs, won, strict=True) if success)


def check(won: Won, start: State, end: State) -> None:
    """What holds after every round, whatever the order was."""
    assert won["approve"] <= 1
    ended = [verb for verb in STATE_OF for _ in range(won[verb])]
    assert len(ended) <= 1, f"two ends of one request: {won}"
    if ended:
        assert end == STATE_OF[ended[0]]
    else:
        assert end in (State.PENDING, State.APPROVED, State.REVOKED)
    if won["consume"]:
        assert start == State.APPROVED or won["approve"] == 1


STARTS = [
    (State.PENDING, LONG),
    (State.APPROVED, LONG),
    (State.PENDING, HALF_A_ROUND),
    (State.APPROVED, HALF_A_ROUND),
]


def test_d18_of_all_that_can_end_a_request_one_wins() -> None:
    """Never two ends, never a NO and a sign-in, never a YES that counts twice."""
    ring, ends, approved = Ring(), Counter[State](), 0
    with Crowd() as crowd:
        for number in range(ROUNDS):
            start, lifetime = STARTS[number % len(STARTS)]
            won = play(ring, crowd, start, lifetime, piled=number % 8 >= len(STARTS))
            end = State(ring.challenge.state)
            check(won, start, end)
            ends[end] += 1
            approved += won["approve"]
    decisive = {State.CONSUMED, State.DENIED, State.REPORTED, State.EXPIRED}
    assert decisive <= set(ends), f"the rounds were too much alike: {ends}"
    assert events(EventKind.REQUEST_APPROVED) == approved


def test_an_answer_and_a_removal_do_not_wait_for_each_other_for_ever() -> None:
    """The removal takes the account first and its request then; so must whoever answers."""
    ring = Ring()
    with Crowd() as crowd:
        for _ in range(ROUNDS // 20):
            ring.begin(State.APPROVED, LONG)
            acts = [ring.answer(ring.second, "report"), ring.revoke]
            assert any(crowd.behind_a_lock(ring.challenge, acts))


def test_d18_an_approval_is_used_once() -> None:
    ring = Ring()
    with Crowd() as crowd:
        for _ in range(ROUNDS // 4):
            ring.begin(State.APPROVED, LONG)
            acts = [partial(unless, NotApproved, ring.consume)] * crowd.size
            used = crowd.behind_a_lock(ring.challenge, acts)
            assert used.count(True) == 1


def test_d05_the_same_answer_sent_fifty_times_counts_once() -> None:
    ring = Ring()
    ring.begin(State.PENDING, LONG)
    send = partial(unless, Refusal, signed(ring.challenge, ring.first, "approve"))
    with Crowd() as crowd:
        assert crowd.at_once([send] * 50).count(True) == 1
        assert crowd.at_once([partial(unless, NotApproved, ring.consume)]) == [True]
        assert crowd.at_once([send] * 3) == [False] * 3
    assert events(EventKind.REQUEST_APPROVED) == 1
    assert events(EventKind.ANSWER_REFUSED) == 52


def test_d07_many_sign_ins_at_once_leave_one_open_request_and_count_each() -> None:
    ring = Ring()
    with Crowd() as crowd:
        for _ in range(ROUNDS // 25):
            Challenge.objects.all().delete()
            asked = crowd.at_once([partial(unless, Paused, partial(ask, ring))] * crowd.size)
            states = Counter(Challenge.objects.values_list("state", flat=True))
            assert asked.count(True) == 3, "the budget of five minutes"
            assert states == {State.PENDING: 1, State.SUPERSEDED: 2}


def events(kind: EventKind) -> int:
    return sum(SecurityEvent.objects.filter(kind=kind).values_list("times", flat=True))
