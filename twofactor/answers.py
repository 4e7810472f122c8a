"""A device's signed decision: verified against the server's own row, then taken once.

Source: docs/protocol.md, section 5.
"""

import hmac
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, CharField, DurationField, Q, QuerySet, UUIDField
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit, metrics, notices, people, prepared
from accounts.models import EventKind, User
from accounts.visitors import Visitor
from devices import authentication, keys
from devices.exceptions import BadRequest, Expired, NotPending, Refusal, Revoked, Unauthenticated
from devices.models import Device, DeviceState
from twofactor import challenges, practice, requests
from twofactor.models import Challenge, State

APPROVE, DENY, REPORT = "approve", "deny", "report"

ANSWERABLE = Q(state=State.PENDING, expires_at__gt=Now())

EVENTS = {
    State.APPROVED: EventKind.REQUEST_APPROVED,
    State.DENIED: EventKind.REQUEST_DENIED,
    State.REPORTED: EventKind.REQUEST_REPORTED,
    State.FAILED: EventKind.REQUEST_FAILED,
}


def take(
    *,
    challenge_id: str,
    device: Device,
    decision: str,
    number: str,
    signature: bytes,
    visitor: Visitor,
) -> State:
    """Takes a device's signed decision and returns the state that it led to.

    A wrong number leads to FAILED and ends the question. Raises BadRequest, Unauthenticated,
    Revoked, Expired, NotPending; each refusal is written down.
    """
    if decision not in (APPROVE, DENY, REPORT) or (decision != APPROVE and number):
        raise BadRequest
    try:
        challenge = _asked_of.first(challenge=challenge_id, user=device.user_id)
        if challenge is None and (asked := practice.find(challenge_id, device)):
            return practice.settle(asked, decision=decision, number=number, signature=signature)
        challenge = _authentic(challenge, device, decision, number, signature)
        state = _outcome(challenge, decision, number)
        with transaction.atomic():
            people.hold(device.user_id)
            if not _settle(challenge, device, state):
                raise _too_late(challenge_id)
            _after_answer(challenge, device, state, visitor)
    except Refusal as refusal:
        audit.record(
            EventKind.ANSWER_REFUSED,
            user=device.user,
            visitor=visitor,
            device_name=device.name,
            detail=f"{decision}: {refusal.code}",
        )
        raise
    metrics.ANSWERS.labels(decision).inc()
    metrics.ANSWER_SECONDS.observe((timezone.now() - challenge.created_at).total_seconds())
    return state


def _authentic(
    challenge: Challenge | None, device: Device, decision: str, number: str, signature: bytes
) -> Challenge:
    if challenge is None:
        keys.verify_in_vain(signature)
        raise Unauthenticated
    frame = requests.answer_frame(challenge, device, decision=decision, number=number)
    if not keys.device_signed(device, signature, frame):
        raise Unauthenticated
    if device.state == DeviceState.REVOKED:
        raise Revoked
    if not device.is_active:
        raise Unauthenticated
    return challenge


def _outcome(challenge: Challenge, decision: str, number: str) -> State:
    if decision == DENY:
        return State.DENIED
    if decision == REPORT:
        return State.REPORTED
    right = hmac.compare_digest(number.encode(), challenge.number.encode())
    return State.APPROVED if right else State.FAILED


def _settle(challenge: Challenge, device: Device, state: State) -> int:
    """The one statement that decides a race: a NO also beats a YES that is not used yet."""
    if state == State.APPROVED:
        life = settings.KAUTH_REDEEM_LIFETIME
        return _approve(challenge=challenge.pk, device=device.pk, life=life)
    answerable = Q(ANSWERABLE)
    if state in (State.DENIED, State.REPORTED):
        answerable |= Q(state=State.APPROVED, redeem_until__gt=Now())
    rows = Challenge.objects.filter(
        answerable, challenges.by_linked_device(device.pk), pk=challenge.pk
    )
    return int(rows.update(state=state, answered_by=device, ended_at=Now()))


@prepared.update(challenge=CharField(), device=BigIntegerField(), life=DurationField())
def _approve(challenge: Any, device: Any, life: Any) -> tuple[QuerySet[Challenge], Any]:
    open_now = Challenge.objects.filter(
        ANSWERABLE, challenges.by_linked_device(device), pk=challenge
    )
    return open_now, {
        "state": State.APPROVED,
        "answered_by": device,
        "redeem_until": Now() + life,
    }


@prepared.rows(challenge=CharField(), user=UUIDField())
def _asked_of(challenge: Any, user: Any) -> QuerySet[Challenge]:
    return Challenge.objects.filter(pk=challenge, user=user)


def _too_late(challenge_id: str) -> Refusal:
    overdue = Challenge.objects.overdue().filter(pk=challenge_id).exists()
    expired = Challenge.objects.filter(pk=challenge_id, state=State.EXPIRED).exists()
    return Expired() if overdue or expired else NotPending()


def _after_answer(challenge: Challenge, device: Device, state: State, visitor: Visitor) -> None:
    authentication.touch(device, visitor)
    challenges.announce(challenge.pk, state, challenge.user_id)
    # Who asked is what the person wants to know; where their own device was stands beside it.
    asked_by = Visitor(challenge.address or "", challenge.browser)
    audit.record(
        EVENTS[state],
        user=device.user,
        visitor=asked_by,
        device_name=device.name,
        detail=f"answered from {visitor.address}",
    )
    if state == State.REPORTED:
        User.objects.filter(pk=device.user_id).update(must_change_password=True)
        notices.send(
            "sign_in_reported",
            device.user,
            visitor=asked_by,
            device_name=device.name,
            page="/password/change/",
        )
