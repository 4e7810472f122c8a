"""Pages about devices: linking one, renaming it, removing it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from accounts import clock, known_browsers, policies, standing, visitors
from accounts import login as logins
from accounts.policies import NotAllowed
from accounts.reauthentication import recent_login_required
from devices import enrolment, keys, protocol, qr
from devices.exceptions import Expired, TooManyDevices
from devices.forms import RenameForm
from devices.models import Device, DeviceState, Enrolment, EnrolmentState

SESSION_KEY = "enrolment"


@recent_login_required
@never_cache
def link(request: HttpRequest) -> HttpResponseBase:
    """The steps of linking. Only the POST that made the token can show it: nobody keeps it."""
    actions = {
        "next": _offer,
        "scanned": _scanned,
        "confirm": _confirm,
        "refuse": _refuse,
        "cancel": _cancel,
    }
    action = actions.get(request.POST.get("action", ""))
    if request.method == "POST" and action:
        return action(request)
    return _show_step(request)


def _show_step(request: HttpRequest, *, notice: str = "") -> HttpResponse:
    offer = _current(request)
    if offer is None and request.session.pop(SESSION_KEY, None) is not None:
        notice = notice or _over()
    context: dict[str, Any] = {"step": "start", "notice": notice}
    if offer is not None and offer.state == EnrolmentState.CLAIMED:
        assert offer.device is not None  # noqa: S101 - a claimed offer always has one
        context |= {
            "step": "claimed",
            "device": offer.device,
            "browser": offer.device.linked_browser,
            "network": offer.device.linked_address,
            "check_number": offer.check_number,
            "seconds_left": _seconds_left(offer),
        }
    return render(request, "devices/link.html", context)


def _show_offer(request: HttpRequest, offer: Enrolment, token: bytes) -> HttpResponse:
    address = protocol.link_address(settings.KAUTH_ORIGIN, token, keys.server_id())
    context = {
        "step": "offered",
        "link": address,
        "qr": qr.drawn(address),
        "token": protocol.b64(token),
        "seconds_left": _seconds_left(offer),
    }
    return render(request, "devices/link.html", context)


def _offer(request: HttpRequest) -> HttpResponse:
    try:
        offer, token = enrolment.offer(
            user=request.user,  # type: ignore[arg-type]
            replaces=request.session.get(SESSION_KEY),
            recovered_in=standing.recovery_of(request),
            visitor=visitors.of(request),
        )
    except (TooManyDevices, NotAllowed) as refusal:
        return _show_step(request, notice=no_more_devices(request.user, refusal))
    request.session[SESSION_KEY] = offer.pk
    return _show_offer(request, offer, token)


def _scanned(request: HttpRequest) -> HttpResponse:
    """For browsers without script: looks whether a device has claimed, else shows the QR again."""
    offer = _current(request)
    if offer is None or offer.state != EnrolmentState.OFFERED:
        return redirect("devices:link")
    try:
        token = protocol.unb64(request.POST.get("token", ""))
    except protocol.ProtocolError:
        return redirect("devices:link")
    if protocol.sha256(token).hex() != offer.token_hash:
        return redirect("devices:link")
    return _show_offer(request, offer, token)


def _confirm(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not _was_shown(request):
        return redirect("devices:link")
    try:
        device = enrolment.confirm(
            request.session.get(SESSION_KEY, 0), user=user, visitor=visitors.of(request)
        )
    except Expired:
        return _show_step(request, notice=_over())
    except (TooManyDevices, NotAllowed) as refusal:
        return _show_step(request, notice=no_more_devices(user, refusal))
    del request.session[SESSION_KEY]
    means = standing.means_of(user)
    user.refresh_from_db()
    logins.refresh(request, user)
    # A backup code may more than the new device that it linked; the help desk's code may less.
    if not standing.recovered(means) or standing.links_only(user):
        logins.raise_level(request, device)
    messages.success(request, _("“%(name)s” is linked.") % {"name": device.name})
    response = redirect(_after(device))
    known_browsers.remember(request, response, user)
    return response


def _after(device: Device) -> str:
    """On to the backup codes, but for a new device that brought none: it may not see the others."""
    brought = device.enrolment.switched_on or not device.is_new
    return settings.AFTER_LINK_URL if brought else settings.TWO_FACTOR_URL


def _was_shown(request: HttpRequest) -> bool:
    """Whether the yes is to the device that waits now.

    With a second page open the session may have another offer, claimed by somebody else, than the
    page whose button was pressed.
    """
    shown, offer = request.POST.get("device", ""), _current(request)
    waits = offer.device if offer else None
    return not shown or waits is None or str(waits.public_id) == shown


def _refuse(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    enrolment.refuse(request.session.pop(SESSION_KEY, 0), user=user, visitor=visitors.of(request))
    notice = _("That device is not linked, and its link works no more. Press Next for a new one.")
    return _show_step(request, notice=notice)


def _cancel(request: HttpRequest) -> HttpResponse:
    enrolment.end(request.session.pop(SESSION_KEY, 0), EnrolmentState.REFUSED)
    return redirect(settings.TWO_FACTOR_URL)


@login_required
@never_cache
def link_state(request: HttpRequest) -> HttpResponse:
    """What the waiting page asks: how far is the offer of this session?"""
    offer = _current(request)
    if offer is None:
        return JsonResponse({"step": "ended", "seconds_left": 0})
    return JsonResponse({"step": offer.state, "seconds_left": _seconds_left(offer)})


@recent_login_required
def device(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    found = _own_device(request, public_id)
    form = RenameForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        enrolment.rename(found, form.cleaned_data["name"], visitor=visitors.of(request))
        messages.success(request, _("The name is changed."))
        return redirect("devices:device", public_id=public_id)
    return render(request, "devices/device.html", {"device": found, "form": form})


def _current(request: HttpRequest) -> Enrolment | None:
    """The open offer of this session, if its time is not over."""
    return (
        Enrolment.objects.select_related("device")
        .filter(
            pk=request.session.get(SESSION_KEY, 0),
            user=request.user.pk,
            state__in=enrolment.OPEN_STATES,
            expires_at__gt=clock.now(),
        )
        .first()
    )


def _own_device(request: HttpRequest, public_id: UUID) -> Device:
    return get_object_or_404(
        Device, public_id=public_id, user_id=request.user.pk, state=DeviceState.ACTIVE
    )


def _seconds_left(offer: Enrolment) -> int:
    return max(0, int((offer.expires_at - clock.now()).total_seconds()))


def _over() -> str:
    return _("The time for this link is over. Press Next for a new one.")


def no_more_devices(user: Any, refusal: Exception) -> str:
    """Why `user` may link none now, and what to do instead."""
    if isinstance(refusal, NotAllowed):
        return _("Your group does not use the kAuth app. Choose another method.")
    most = policies.of(user).most_devices
    return ngettext(
        "You have %(n)d linked device, as many as there may be. Remove it first.",
        "You have %(n)d linked devices, as many as there may be. Remove one first.",
        most,
    ) % {"n": most}
