"""Pages of the methods: adding OTP apps and keys, renaming and removing what an account has."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import known_browsers, sign_ins, standing, visitors
from accounts import login as logins
from accounts.models import User
from accounts.policies import NotAllowed
from accounts.reauthentication import recent_login_required
from accounts.throttling import Throttled
from devices import enrolment, one_time_codes, qr
from devices.forms import RenameForm
from devices.one_time_codes import WrongCode
from twofactor import backup_codes, demands, methods, otp_apps, security_keys
from twofactor.exceptions import KeyRefused, SetupOver, TooManyMethods
from twofactor.forms import FirstCodeForm, NewKeyForm
from twofactor.method_models import Method, OtpApp, SecurityKey

SESSION_KEY = "otp_setup"
GROUP = 4


def _if_allowed(page: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Where a policy has no such method the person chooses among those that it has."""

    @wraps(page)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        try:
            return page(request)
        except NotAllowed:
            messages.warning(request, _("Your group does not use that method. Choose another one."))
            return redirect("twofactor:add")

    return guarded


@recent_login_required
@never_cache
@sensitive_post_parameters()
@_if_allowed
def add_otp(request: HttpRequest) -> HttpResponseBase:
    """Shows the secret until the app has shown a right code, or ten minutes are over."""
    user: Any = request.user
    form = FirstCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        app = _waiting(request, user)
        if app is None:
            form.add_error(None, _over())
        elif _confirmed(request, app, form):
            return added(request, user, app)
    return _show_otp(request, user, form)


def _waiting(request: HttpRequest, user: User) -> OtpApp | None:
    return otp_apps.waiting(user, request.session.get(SESSION_KEY, 0))


def _confirmed(request: HttpRequest, app: OtpApp, form: FirstCodeForm) -> bool:
    try:
        otp_apps.confirm(
            app,
            code=form.cleaned_data["code"],
            visitor=visitors.of(request),
            recovered_in=standing.recovery_of(request),
        )
    except WrongCode:
        form.add_error("code", _("This code does not fit. Type the one shown right now."))
    except Throttled as refusal:
        form.add_error("code", refusal.words)
    except (SetupOver, TooManyMethods):
        form.add_error(None, _over())
    else:
        return True
    return False


def _show_otp(request: HttpRequest, user: User, form: FirstCodeForm) -> HttpResponse:
    try:
        app = _waiting(request, user) or otp_apps.begin(user, visitor=visitors.of(request))
    except TooManyMethods:
        return render(request, "twofactor/add_otp.html", {"most": settings.KAUTH_METHODS_PER_KIND})
    request.session[SESSION_KEY] = app.pk
    secret = one_time_codes.in_base32(app)
    context = {
        "form": form,
        "qr": qr.drawn(otp_apps.address(app)),
        "secret": " ".join(secret[i : i + GROUP] for i in range(0, len(secret), GROUP)),
    }
    return render(request, "twofactor/add_otp.html", context)


@recent_login_required
@never_cache
@sensitive_post_parameters()
@_if_allowed
def add_key(request: HttpRequest) -> HttpResponseBase:
    """The browser makes a key for this site; a script of the page sends what comes of it."""
    user: Any = request.user
    if not security_keys.possible():
        raise Http404
    form = NewKeyForm(request.POST or None)
    try:
        if request.method == "POST" and form.is_valid():
            key = _registered(request, user, form)
            if key is not None:
                return added(request, user, key)
        binding = logins.binding_of(request)
        options = security_keys.registration_options(
            user, binding=binding, visitor=visitors.of(request)
        )
    except TooManyMethods:
        return render(request, "twofactor/add_key.html", {"most": settings.KAUTH_METHODS_PER_KIND})
    return render(request, "twofactor/add_key.html", {"form": form, "options": options})


def _registered(request: HttpRequest, user: User, form: NewKeyForm) -> SecurityKey | None:
    try:
        return security_keys.register(
            user,
            answer=form.cleaned_data["answer"],
            name=form.cleaned_data["name"],
            binding=logins.binding_of(request),
            visitor=visitors.of(request),
            recovered_in=standing.recovery_of(request),
        )
    except KeyRefused:
        form.add_error("answer", _("This key could not be added. Try again, or take another one."))
        return None


def added(request: HttpRequest, user: User, method: Method) -> HttpResponse:
    """The person has just shown `method`. A session of the password alone, or of a help-desk code,
    is its from now on; one that another method opened stays with that, and ends with it.
    """
    verified = request.user.is_verified() and not standing.links_only(user)  # type: ignore[union-attr]
    user.refresh_from_db()
    logins.refresh(request, user)
    if not verified:
        logins.raise_level(request, method)
    messages.success(request, _("“%(name)s” is added.") % {"name": method.name})
    response = redirect(_after(user, method))
    known_browsers.remember(request, response, user)
    return response


def _after(user: User, method: Method) -> str:
    """On to the backup codes, but for a new method that brought none: it may not see the others."""
    brought = method.new_until is None or backup_codes.are_new(user)
    return settings.AFTER_LINK_URL if brought else settings.TWO_FACTOR_URL


@recent_login_required
def method(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponseBase:
    found = _own(request, kind, public_id)
    form = RenameForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        methods.rename(found, form.cleaned_data["name"], visitor=visitors.of(request))
        messages.success(request, _("The name is changed."))
        return redirect(found)
    return render(request, "twofactor/method.html", {"method": found, "form": form})


@recent_login_required
def remove(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponseBase:
    """Says what removing means for the account, then does it."""
    found = _own(request, kind, public_id)
    if demands.last_for_policy(found, methods.overview(found.user).methods):
        return render(request, "twofactor/remove.html", {"method": found, "demanded": True})
    let_in = sign_ins.approved_by(found, but=sign_ins.current(request))
    if request.method == "POST":
        _take_away(request, found)
        if "sessions" in request.POST:
            sign_ins.end(found.user, let_in, visitor=visitors.of(request), by=f"with {found.name}")
        messages.success(request, _("“%(name)s” is removed.") % {"name": found.name})
        return redirect("twofactor:overview")
    after = methods.without(found)
    context = {
        "method": found,
        "last": after == methods.AfterRemoval.OFF,
        "codes_only": after == methods.AfterRemoval.CODES_ONLY,
        "sessions": let_in.count(),
    }
    return render(request, "twofactor/remove.html", context)


def _take_away(request: HttpRequest, found: Any) -> None:
    methods.take_away(found, visitor=visitors.of(request), by=enrolment.BY_PERSON)
    user: Any = request.user
    user.refresh_from_db()
    logins.refresh(request, user)


def _over() -> str:
    return _("The time for that QR code is over. Scan this new one.")


def _own(request: HttpRequest, kind: str, public_id: UUID) -> Any:
    user: Any = request.user
    found = methods.find(user, kind, public_id)
    if found is None:
        raise Http404
    return found
