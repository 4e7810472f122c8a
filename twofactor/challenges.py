"""A challenge from the question to the sign-in: issue, seen, consume, cancel, expire.

Each step is one conditional UPDATE on the row's own columns, judged by the database's clock in
the same statement. Conditions on other tables are Exists(): a join would become a sub-select,
with which PostgreSQL lets two of a race win. Rings leave after the commit.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, QuerySet, UUIDField
from django.db.models.functions import Now

from accounts import audit, people, policies, prepared
from accounts.models import EventKind, KnownBrowser, User
from accounts.visitors import Visitor
from devices import doorbell, wakeups
from devices.models import Device, DeviceState
from twofactor import fatigue, requests
from twofactor.exceptions import NotApproved
from twofactor.models import Challenge, Match, Purpose, State

_insert = prepared.Insert(Challenge)


def issue(
    *,
    user: User,
    purpose: Purpose,
    binding: str,
    visitor: Visitor,
    known_browser: KnownBrowser | None,
    service: str = requests.SERVICE,
) -> Challenge:
    """Asks all devices of `user` at once; an earlier open question is superseded.

    Only the session that `binding` names can use the answer. Raises Paused.
    """
    # A pause is no exception in here: nothing is written then that would have to be undone.
    with transaction.atomic(savepoint=False):
        account = people.locked(user.pk)
        facts = _facts(user)
        pause = fatigue.pause(facts, visitor)
        if pause is None:
            _supersede(facts.open, user)
            challenge = _write(
                account=account,
                purpose=purpose,
                binding=binding,
                visitor=visitor,
                new_browser=known_browser is None,
                service=service,
                now=facts.now,
            )
    if pause is not None:
        audit.record(EventKind.REQUEST_PAUSED, user=user, visitor=visitor)
        raise pause
    doorbell.ring(doorbell.account_group(user.pk), "asked", challenge=challenge.pk)
    wakeups.account(user.pk, until=challenge.expires_at)
    audit.record(EventKind.REQUEST_SENT, user=user, visitor=visitor)
    return challenge


def open_for(device: Device) -> Challenge | None:
    """The question that this device can answer now, if there is one."""
    if not device.is_active:
        return None
    challenge: Challenge | None = _open_of.first(user=device.user_id)
    return challenge


@prepared.rows(user=UUIDField())
def _open_of(user: Any) -> QuerySet[Challenge]:
    return Challenge.objects.open().filter(user=user)


def is_untouched(challenge_id: str) -> bool:
    """Whether it waits as it was asked: it can be answered, and nobody has it on screen."""
    return bool(_untouched(challenge=challenge_id))


@prepared.rows(challenge=CharField())
def _untouched(challenge: Any) -> QuerySet[Challenge, Any]:
    return Challenge.objects.open().filter(pk=challenge, seen_by=None).values_list("pk")


def open_now() -> dict[str, str]:
    """Every question that waits for an answer, and the account that it is put to."""
    rows = Challenge.objects.open().values_list("pk", "user_id")
    return {challenge: str(user) for challenge, user in rows}


def ended_among(challenges: list[str]) -> frozenset[str]:
    """Those of `challenges` that do not wait for an answer any more."""
    waiting = Challenge.objects.open().filter(pk__in=challenges).values_list("pk", flat=True)
    return frozenset(challenges) - frozenset(waiting)


def seen(challenge_id: str, device: Device) -> None:
    """A person has the question on screen at `device`; the waiting page says so."""
    if not device.is_active:
        return
    first = (
        Challenge.objects.open()
        .filter(pk=challenge_id, user=device.user_id, seen_by=None)
        .update(seen_by=device)
    )
    if first:
        doorbell.ring(doorbell.challenge_group(challenge_id), "changed")


def consume(*, challenge_id: str, user: User, binding: str) -> Challenge:
    """Uses the approval up, once, for the session that asked. Raises NotApproved.

    The account must still be as it was when the question was asked, and the device that said
    yes must still be linked.
    """
    if not _consume(challenge=challenge_id, user=user.pk, binding=binding):
        raise NotApproved
    challenge: Challenge = _with_answerer.one(challenge=challenge_id)
    return challenge


@prepared.update(challenge=CharField(), user=UUIDField(), binding=CharField())
def _consume(challenge: Any, user: Any, binding: Any) -> tuple[QuerySet[Challenge], Any]:
    unchanged = User.objects.filter(
        pk=OuterRef("user_id"), is_active=True, security_epoch=OuterRef("epoch")
    )
    approved = Challenge.objects.filter(
        Exists(unchanged),
        by_linked_device(OuterRef("answered_by_id")),
        pk=challenge,
        user=user,
        binding=binding,
        state=State.APPROVED,
        redeem_until__gt=Now(),
    )
    return approved, {"state": State.CONSUMED, "ended_at": Now()}


def with_answerer(challenge_id: str) -> Challenge | None:
    """The challenge with the device that answered it, if one did."""
    challenge: Challenge | None = _with_answerer.first(challenge=challenge_id)
    return challenge


@prepared.rows(challenge=CharField())
def _with_answerer(challenge: Any) -> QuerySet[Challenge]:
    return Challenge.objects.select_related("answered_by").filter(pk=challenge)


def cancel(*, challenge_id: str, binding: str, visitor: Visitor) -> bool:
    """The session that asked needs no answer any more."""
    challenge = Challenge.objects.filter(pk=challenge_id, binding=binding).first()
    if challenge is None or not _end(challenge, (State.PENDING,), State.CANCELLED):
        return False
    audit.record(EventKind.REQUEST_CANCELLED, user=challenge.user, visitor=visitor)
    return True


def end_with_device(device: Device) -> None:
    """`device` is unlinked: its approvals are void, and questions that nobody can answer end."""
    for challenge in Challenge.objects.filter(answered_by=device, state=State.APPROVED):
        _end(challenge, (State.APPROVED,), State.REVOKED)
    if not Device.objects.of(device.user).active().exists():
        withdraw_open(device.user)


def withdraw_open(user: User) -> None:
    """Ends the question that is open, if there is one: its person is not there to answer."""
    for challenge in Challenge.objects.of(user).filter(state=State.PENDING):
        _end(challenge, (State.PENDING,), State.CANCELLED)


def prune(older_than: datetime, limit: int) -> int:
    """Deletes up to `limit` finished questions from before `older_than`; returns how many."""
    old = Challenge.objects.filter(created_at__lt=older_than).exclude(state=State.PENDING)
    ids = list(old.values_list("pk", flat=True)[:limit])
    return int(Challenge.objects.filter(pk__in=ids).delete()[0])


def announce(challenge_id: str, state: State, user_id: object) -> None:
    """After the commit: tells the waiting page "changed", and the devices that it is closed."""
    doorbell.ring(doorbell.challenge_group(challenge_id), "changed")
    doorbell.ring(
        doorbell.account_group(user_id), "closed", challenge=challenge_id, state=str(state)
    )


def _facts(user: User) -> fatigue.Facts:
    """What is overdue is marked before it is judged by, and in the log as if a job had come by."""
    facts = fatigue.look(user)
    if not facts.open:
        return facts
    overdue = Challenge.objects.filter(pk__in=facts.open, state=State.PENDING)
    ended = overdue.filter(expires_at__lte=Now()).update(
        state=State.EXPIRED, ended_at=F("expires_at")
    )
    for _ in range(ended):
        audit.record(EventKind.REQUEST_EXPIRED, user=user)
    return fatigue.look(user) if ended else facts


def _supersede(earlier: list[str], user: User) -> None:
    if earlier:
        Challenge.objects.filter(pk__in=earlier, state=State.PENDING).update(
            state=State.SUPERSEDED, ended_at=Now()
        )
    for challenge in earlier:
        announce(challenge, State.SUPERSEDED, user.pk)


def _write(
    *,
    account: User,
    purpose: Purpose,
    binding: str,
    visitor: Visitor,
    new_browser: bool,
    service: str,
    now: datetime,
) -> Challenge:
    match = _match(account, new_browser=new_browser)
    challenge = Challenge(
        user=account,
        purpose=purpose,
        match=match,
        number=requests.new_number() if match == Match.NUMBER else "",
        binding=binding,
        epoch=account.security_epoch,
        context=requests.context_of(
            user=account, visitor=visitor, service=service, new_browser=new_browser
        ),
        address=visitor.address or None,
        browser=visitor.browser,
        created_at=now,
        expires_at=now + settings.KAUTH_CHALLENGE_LIFETIME,
    )
    _insert(challenge)
    return challenge


def _match(user: User, *, new_browser: bool) -> Match:
    setting = settings.KAUTH_NUMBER_MATCHING
    asked = setting == "always" or (setting == "new-browser" and new_browser)
    asked = asked or policies.of(user).always_number
    return Match.NUMBER if asked else Match.TAP


def by_linked_device(device: Any) -> Exists:
    """The condition that `device` (a key, or an OuterRef to one) is linked at this moment."""
    return Exists(Device.objects.filter(pk=device, state=DeviceState.ACTIVE))


def _end(challenge: Challenge, from_states: tuple[State, ...], to: State) -> bool:
    ended = Challenge.objects.filter(pk=challenge.pk, state__in=from_states).update(
        state=to, ended_at=Now()
    )
    if ended:
        announce(challenge.pk, to, challenge.user_id)
    return bool(ended)
