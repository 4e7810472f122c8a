"""/device/v1: what a device asks of its own record. Requests and answers live in twofactor.api."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import auth
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit, known_browsers, throttling, visitors
from accounts.models import EventKind, User
from devices import authentication, claims, enrolment, keys, messages, push_subscriptions, vetoes
from devices.exceptions import (
    BadRequest,
    NotFound,
    Refusal,
    SlowDown,
    TooBig,
    Unauthenticated,
    WrongClock,
)
from devices.models import Device, DeviceState, Enrolment
from devices.protocol import (
    KEY_SIZE,
    MAX_MESSAGE,
    NONCE_SIZE,
    TOKEN_SIZE,
    VERSION,
    ErrorCode,
    ProtocolError,
    b64,
    unb64,
)

Call = Callable[..., HttpResponse]
COUNTED = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND)


def device_call(call: Call) -> Call:
    """Turns refusals into the protocol's answers, and writes down who was refused.

    A network whose calls keep failing is told to slow down. Calls that fit are never held back,
    so nobody can shut a neighbour's device out.
    """

    @csrf_exempt
    @wraps(call)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _check_size(request)
            return _in_form(call(request, *args, **kwargs))
        except ProtocolError as error:
            return refused(request, BadRequest(str(error)))
        except Refusal as refusal:
            return refused(request, refusal)

    return answered


def _check_size(request: HttpRequest) -> None:
    try:
        size = len(request.body)
    except RequestDataTooBig:
        raise TooBig from None
    if size > MAX_MESSAGE:
        raise TooBig


def _in_form(response: HttpResponse) -> HttpResponse:
    """`response`, or what stands for Django's own answer to a method that a call does not have."""
    if not isinstance(response, HttpResponseNotAllowed):
        return response
    words = _("This call is made by %(methods)s only.") % {"methods": response["Allow"]}
    refusal = _answer(BadRequest(words))
    refusal.status_code, refusal["Allow"] = response.status_code, response["Allow"]
    return refusal


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return _answer(_count_refusal(request, refusal) if refusal.code in COUNTED else refusal)


def _answer(refusal: Refusal) -> HttpResponse:
    content: dict[str, Any] = {"error": refusal.code, "detail": str(refusal.detail)}
    if isinstance(refusal, WrongClock):
        content["time"] = int(time.time())
    response = JsonResponse(content, status=messages.HTTP_STATUS[refusal.code])
    if isinstance(refusal, SlowDown):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _count_refusal(request: HttpRequest, refusal: Refusal) -> Refusal:
    visitor = visitors.of(request)
    try:
        throttling.reserve(f"device:network:{visitor.network}", throttling.DEVICE_CALLS)
    except throttling.Throttled as throttled:
        return SlowDown(throttled.retry_after)
    audit.record(EventKind.DEVICE_CALL_REFUSED, visitor=visitor, detail=str(refusal.code))
    return refusal


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """Any other address below /device/v1/. Nothing was tried here, so nothing is counted."""
    return _answer(NotFound(_("There is no such call.")))


def signed_by(request: HttpRequest) -> Device:
    """The device that signed this call, pending or active."""
    return authentication.caller(
        header=request.headers.get("Authorization", ""),
        method=request.method or "",
        path=request.path,
        body=request.body,
    )


def signed_by_active(request: HttpRequest) -> Device:
    """The same, for all that a pending device may not do."""
    device = signed_by(request)
    if device.state != DeviceState.ACTIVE:
        raise Unauthenticated
    return device


@device_call
@require_POST
def links(request: HttpRequest) -> HttpResponse:
    """POST links: a device claims an offer (section 3)."""
    message = messages.decode(request.body)
    if messages.int_member(message, "v") != VERSION:
        raise BadRequest
    claim = claims.Claim(
        token=messages.bytes_member(message, "token", TOKEN_SIZE),
        key=messages.bytes_member(message, "key", KEY_SIZE),
        name=messages.text_member(message, "name"),
        platform=messages.text_member(message, "platform"),
        nonce=messages.bytes_member(message, "nonce", NONCE_SIZE),
        signature=unb64(messages.text_member(message, "sig")),
    )
    offer = enrolment.find(claim.token)
    here = _same_session(request, offer)
    claimed = enrolment.claim(offer, claim, visitor=visitors.of(request), here=here)
    device = claimed.device
    content = {
        "device": str(device.public_id),
        "account": str(device.user_id),
        "login": device.user.login_id,
        "state": device.state,
        "nonce": b64(claimed.nonce_server),
        "server_key": b64(keys.public()),
        "sig": claimed.signature,
    }
    response = JsonResponse(content, status=201)
    if here:
        _end_session(request, response, device.user)
    return response


def _end_session(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """The session was made for linking from the phone, and no other use is left for it.

    Ended here and not by the page: a page that is closed too early would leave it behind.
    """
    known_browsers.remember(request, response, user)
    audit.record(EventKind.SIGNED_OUT, user=user, visitor=visitors.of(request))
    auth.logout(request)


def _same_session(request: HttpRequest, offer: Enrolment) -> bool:
    """Whether the signed-in browser session that made `offer` here is the one that claims it."""
    if not offer.here or request.session.get("enrolment") != offer.pk:
        return False
    if request.user.pk != offer.user_id:
        return False
    check = CsrfViewMiddleware(lambda request: HttpResponse())
    request.csrf_processing_done = False  # type: ignore[attr-defined]
    return check.process_view(request, lambda request: HttpResponse(), (), {}) is None


@device_call
@require_http_methods(["GET", "PATCH", "DELETE"])
def device(request: HttpRequest) -> HttpResponse:
    """GET, PATCH and DELETE device. To ask for itself is all that a pending device may do."""
    visitor = visitors.of(request)
    if request.method == "GET":
        return JsonResponse(_describe(signed_by(request)))
    caller = signed_by_active(request)
    if request.method == "DELETE":
        enrolment.unlink_itself(caller, visitor=visitor)
        return HttpResponse(status=204)
    name = messages.text_member(messages.decode(request.body), "name")
    enrolment.rename(caller, name, visitor=visitor)
    caller.refresh_from_db()
    return JsonResponse(_describe(caller))


def _describe(device: Device) -> dict[str, Any]:
    return {
        "device": str(device.public_id),
        "account": str(device.user_id),
        "login": device.user.login_id,
        "name": device.name,
        "state": device.state,
        "push": push_subscriptions.of(device.pk) is not None,
    }


@device_call
@require_POST
def veto(request: HttpRequest) -> HttpResponse:
    """POST veto: turns away the new device that a notice told the caller of."""
    caller = signed_by_active(request)
    notice = messages.text_member(messages.decode(request.body), "notice")
    vetoes.by_device(caller, notice, visitor=visitors.of(request))
    return HttpResponse(status=204)


@device_call
@require_http_methods(["PUT", "DELETE"])
def push(request: HttpRequest) -> HttpResponse:
    """PUT and DELETE push: where this device's push service takes messages."""
    caller = signed_by_active(request)
    if request.method == "DELETE":
        push_subscriptions.forget(caller)
    else:
        push_subscriptions.store(caller, messages.decode(request.body))
    return HttpResponse(status=204)
