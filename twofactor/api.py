"""/device/v1: requests and answers without a socket, and what a device needs to work offline.

Source: docs/protocol.md, sections 3.6 and 6.
"""

import time
from datetime import UTC, datetime
from typing import Any

from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import visitors
from devices import authentication, changes, keys, messages, one_time_codes, wakeups
from devices.api import device_call, signed_by_active
from devices.exceptions import AlreadyProvisioned, BadRequest, Unauthenticated
from devices.models import Device
from devices.protocol import unb64
from devices.sealing import SealBroken
from twofactor import absence, answers, backup_codes, news, practice
from twofactor.models import CHALLENGE_BYTES


@device_call
@require_GET
def requests_open(request: HttpRequest) -> HttpResponse:
    """GET requests: what this device can answer now."""
    device = signed_by_active(request)
    content = {"requests": news.questions(device), "notices": changes.waiting(device)}
    return JsonResponse({"time": int(time.time()), **content})


@device_call
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """POST test: a practice request to the device that asks for it, by every way that it has."""
    device = signed_by_active(request)
    begun = practice.begin(device, visitor=visitors.of(request))
    content = {
        "challenge": begun.pk,
        "expires": int(begun.expires_at.timestamp()),
        "push": wakeups.reach(device),
    }
    return JsonResponse(content, status=201)


@device_call
@require_POST
def post_answer(request: HttpRequest) -> HttpResponse:
    """POST answers: the answer proves itself, so there is no other proof to bring."""
    message = messages.decode(request.body)
    given = read_answer(message)
    visitor = visitors.of(request)
    try:
        device = authentication.find(messages.text_member(message, "device"))
    except Unauthenticated:
        keys.verify_in_vain(given["signature"])
        raise
    state = answers.take(device=device, visitor=visitor, **given)
    return JsonResponse({"challenge": given["challenge_id"], "ok": True, "state": state})


def read_answer(message: dict[str, Any]) -> dict[str, Any]:
    """The members of an `answer` that count; raises ProtocolError."""
    return {
        "challenge_id": read_challenge_id(message),
        "decision": messages.text_member(message, "decision"),
        "number": messages.text_member(message, "number"),
        "signature": unb64(messages.text_member(message, "sig")),
    }


def read_challenge_id(message: dict[str, Any]) -> str:
    """The identifier as it stands, once it is known to have the form of one."""
    messages.bytes_member(message, "challenge", CHALLENGE_BYTES)
    return messages.text_member(message, "challenge")


@device_call
@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    device = signed_by_active(request)
    news.seen(read_challenge_id(messages.decode(request.body)), device)
    return HttpResponse(status=204)


@device_call
@require_http_methods(["GET", "PUT", "DELETE"])
def away(request: HttpRequest) -> HttpResponse:
    """GET, PUT and DELETE away: until when no request is to reach the account's devices."""
    device = signed_by_active(request)
    if request.method != "GET":
        _go_or_come_back(request, device)
    until = absence.of(device.user)
    return JsonResponse({"until": int(until.timestamp()) if until else None})


def _go_or_come_back(request: HttpRequest, device: Device) -> None:
    circumstances: dict[str, Any] = {"visitor": visitors.of(request), "device_name": device.name}
    if request.method == "DELETE":
        absence.end(device.user, **circumstances)
        return
    until = messages.int_member(messages.decode(request.body), "until")
    try:
        absence.begin(device.user, datetime.fromtimestamp(until, UTC), **circumstances)
    except (absence.NotATime, ValueError, OverflowError, OSError):
        raise BadRequest from None


@device_call
@require_POST
def provision(request: HttpRequest) -> HttpResponse:
    """POST provision: the one-time-code secret, and the backup codes if this linking made them."""
    device = signed_by_active(request)
    if device.provisioned_at is not None:
        raise AlreadyProvisioned
    switched_on = device.enrolment.switched_on
    try:
        totp = one_time_codes.for_provisioning(device)
    except SealBroken:
        raise Unauthenticated from None
    content = {
        "totp": totp,
        "login": device.user.login_id,
        "backup_codes": backup_codes.readable(device.user) if switched_on else None,
    }
    return JsonResponse(content)


@device_call
@require_POST
def provisioned(request: HttpRequest) -> HttpResponse:
    """POST provisioned: the device has stored it all. Saying it twice does no harm."""
    device = signed_by_active(request)
    Device.objects.filter(pk=device.pk, provisioned_at=None).update(provisioned_at=Now())
    return HttpResponse(status=204)
