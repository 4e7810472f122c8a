"""The second step of a sign-in: the waiting page, and the one way out."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import CharField, QuerySet, UUIDField
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import clock, known_browsers, people, prepared, sessions, standing, visitors
from accounts import login as logins
from accounts.login import PendingLogin
from devices.models import Device
from twofactor import challenges, demands, fatigue, waiting, ways
from twofactor.demands import Names
from twofactor.exceptions import NotApproved, Paused
from twofactor.forms import CodeForm
from twofactor.models import Challenge, Purpose, State
from twofactor.waiting import Waiting
from twofactor.ways import Way

Page = Callable[[HttpRequest, PendingLogin], HttpResponseBase]


def second_step(page: Page) -> Callable[[HttpRequest], HttpResponseBase]:
    """Pages for those who have passed the password; everybody else starts at the login page."""

    @never_cache
    @wraps(page)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        pending = logins.get(request)
        if pending is None:
            # Told by the address and not by the session: one that is made for it now would take
            # the place of the one that another tab was just given.
            return redirect(f"{resolve_url(settings.LOGIN_URL)}?over=1")
        if not ways.needed(pending.user, own(request, pending)):
            return signed_in(request, pending, device=None, method="password")
        return page(request, pending)

    return guarded


@second_step
def verify(request: HttpRequest, pending: PendingLogin) -> HttpResponseBase:
    """Waits for YES on a device. A POST is "I have answered", and believes only the database.

    Everybody comes here first, so it sends on who begins another way.
    """
    way = _first_way(request, pending)
    if way != ways.DEVICE:
        return redirect(way.page)
    if request.method == "POST" and (answer := _finish(request, pending)):
        return answer
    return _waiting_page(request, pending)


def _first_way(request: HttpRequest, pending: PendingLogin) -> Way:
    under_way = request.method == "POST" or pending.asked or "way" in request.GET
    names = own(request, pending)
    if under_way and ways.DEVICE in ways.of(pending.user, names):
        return ways.DEVICE
    return ways.first(pending.user, used_last=_used_last(request, pending), own=names)


def own(request: HttpRequest, pending: PendingLogin) -> Names:
    """The methods of the account. Many parts of one request ask; the tables are asked once."""
    found: Names | None = request.__dict__.get("own_methods")
    if found is None:
        found = request.__dict__["own_methods"] = demands.names(pending.user)
    return found


def _used_last(request: HttpRequest, pending: PendingLogin) -> str:
    browser = known_browsers.find(request, pending.user)
    return browser.last_method if browser else ""


def _finish(request: HttpRequest, pending: PendingLogin) -> HttpResponse | None:
    """The way in, if there is an approval for this session; None leaves all as it is."""
    try:
        # All or nothing: an approval is not used up by a sign-in that fails on the way.
        with transaction.atomic():
            people.hold(pending.user.pk)
            challenge = challenges.consume(
                challenge_id=pending.challenge, user=pending.user, binding=pending.binding
            )
            return _let_in(request, pending, device=challenge.answered_by, method="kauth")
    except NotApproved:
        return None


def _waiting_page(request: HttpRequest, pending: PendingLogin) -> HttpResponse:
    challenge = _challenge_of(pending)
    if challenge is None and not pending.asked:
        challenge, state = _ask(request, pending)
    else:
        state = _state_of(request, pending, challenge)
    context = {
        "pending": pending,
        "waiting": state.as_json(),
        "devices": own(request, pending).get(Device.KIND, ()),
        "number": challenge.number if challenge and state.state == State.PENDING else "",
        "resend_in": state.resend_in,
        "form": CodeForm(),
        "ways": ways.others(pending.user, ways.DEVICE, own(request, pending)),
        "code_at_once": _used_last(request, pending) == ways.CODE.name,
    }
    return render(request, "twofactor/verify.html", context)


def _ask(request: HttpRequest, pending: PendingLogin) -> tuple[Challenge | None, Waiting]:
    known_browser = known_browsers.find(request, pending.user)
    with transaction.atomic():
        try:
            challenge = challenges.issue(
                user=pending.user,
                purpose=Purpose(pending.purpose),
                binding=pending.binding,
                visitor=visitors.of(request),
                known_browser=known_browser,
            )
        except Paused as pause:
            # An earlier question stays open: its answer still counts.
            logins.wait_for(request, pending.challenge)
            return None, waiting.paused(pause)
        # No device is rung for a question that its session does not know of.
        logins.wait_for(request, challenge.pk)
        sessions.save(request)
    return challenge, waiting.on(challenge, challenge.created_at)


@never_cache
def verify_state(request: HttpRequest) -> HttpResponse:
    """What the waiting page asks after each ring, and every two seconds without a socket."""
    pending = logins.get(request)
    if pending is None:
        return JsonResponse(waiting.over().as_json())
    state = _state_of(request, pending, _challenge_of(pending))
    return JsonResponse(state.as_json())


def _state_of(request: HttpRequest, pending: PendingLogin, challenge: Any | None) -> Waiting:
    """What there is to say without asking anew, and when a new question may be asked."""
    state = waiting.on(challenge, clock.whole(challenge.now)) if challenge else waiting.resting()
    if state.state in (State.PENDING, State.APPROVED, State.CONSUMED):
        return state
    pause = fatigue.pause(fatigue.look(pending.user), visitors.of(request))
    if pause is None:
        return state
    rest = waiting.paused(pause)
    return rest if challenge is None else replace(state, resend_in=rest.resend_in)


@require_POST
@second_step
def verify_again(request: HttpRequest, pending: PendingLogin) -> HttpResponseBase:
    """A new question in place of the old one, which stays while the devices rest."""
    if demands.device_may_be_asked(pending.user):
        challenge, state = _ask(request, pending)
        if challenge is None and pending.challenge:
            messages.warning(request, state.line)
    return redirect("twofactor:verify")


@require_POST
@second_step
def verify_cancel(request: HttpRequest, pending: PendingLogin) -> HttpResponseBase:
    end_question(request, pending)
    logins.abandon(request)
    again = pending.purpose == "reauth"
    return redirect(settings.LOGIN_REDIRECT_URL if again else settings.LOGIN_URL)


def signed_in(
    request: HttpRequest, pending: PendingLogin, *, device: Any, method: str
) -> HttpResponse:
    """The one way out of the second step. Who is let in is written down whole, or not let in."""
    with transaction.atomic():
        people.hold(pending.user.pk)
        return _let_in(request, pending, device=device, method=method)


def _let_in(
    request: HttpRequest, pending: PendingLogin, *, device: Any, method: str
) -> HttpResponse:
    """Call it in a transaction that holds the account."""
    response = redirect(pending.next)
    logins.complete(request, pending, device=device, method=method)
    if device is not None:
        remembered = "" if standing.recovered(device) else method
        known_browsers.remember(request, response, pending.user, method=remembered)
    sessions.save(request)
    return response


def _challenge_of(pending: PendingLogin) -> Challenge | None:
    """With the database's clock, which tells how long it has still to wait."""
    if not pending.challenge:
        return None
    challenge: Challenge | None = _asked.first(
        challenge=pending.challenge, user=pending.user.pk, binding=pending.binding
    )
    return challenge


@prepared.rows(challenge=CharField(), user=UUIDField(), binding=CharField())
def _asked(challenge: Any, user: Any, binding: Any) -> QuerySet[Challenge]:
    asked = Challenge.objects.annotate(now=Now()).select_related("seen_by")
    return asked.filter(pk=challenge, user=user, binding=binding)


def end_question(request: HttpRequest, pending: PendingLogin) -> None:
    challenges.cancel(
        challenge_id=pending.challenge, binding=pending.binding, visitor=visitors.of(request)
    )
