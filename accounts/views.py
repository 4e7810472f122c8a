"""The pages of a person: sign in, sign up, sign out, and the password."""

from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import (
    addresses,
    audit,
    known_browsers,
    passwords,
    reset_links,
    sessions,
    sign_ins,
    throttling,
    visitors,
)
from accounts import login as logins
from accounts.forms import (
    LoginForm,
    NewPasswordForm,
    PasswordChangeForm,
    PasswordForm,
    PasswordResetForm,
    SignupForm,
)
from accounts.models import EventKind, User
from accounts.passwords import NotRight
from accounts.reauthentication import recent_login_required
from accounts.throttling import Throttled


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return logins.local_page(wanted, resolve_url(settings.LOGIN_REDIRECT_URL))


@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponseBase:
    """The password. What follows it is decided by the second step, for every account alike."""
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(_next(request))
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _check_password(request, form.cleaned_data["username"], form)
        if user is not None:
            with transaction.atomic():
                audit.record(EventKind.PASSWORD_RIGHT, user=user, visitor=visitors.of(request))
                logins.begin(request, user, next_page=_next(request))
                sessions.save(request)
            return redirect(settings.LOGIN_SECOND_STEP_URL)
    over = request.method == "GET" and "over" in request.GET
    context = {"form": form, "next": _next(request), "over": over}
    return render(request, "accounts/login.html", context)


def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Where a page that wants both factors sends everybody else (django-otp's OTP_LOGIN_URL).

    The login page would send a signed-in person straight back, for ever.
    """
    user: Any = request.user
    if not user.is_authenticated:
        return redirect_to_login(_next(request), resolve_url(settings.LOGIN_URL))
    if user.is_verified():
        return redirect(_next(request))
    messages.info(request, _("That page wants two-factor authentication. Enable it here first."))
    return redirect(settings.TWO_FACTOR_URL)


def _check_password(request: HttpRequest, login_id: str, form: Any) -> User | None:
    user = passwords.find(login_id)
    try:
        return passwords.check(
            login_id=login_id,
            password=form.cleaned_data["password"],
            visitor=visitors.of(request),
            known_browser=known_browsers.find(request, user) if user else None,
        )
    except NotRight:
        form.add_error(
            None,
            _(
                "This login ID and password do not go together. Try again; "
                "after several tries, wait a few minutes first."
            ),
        )
        return None


@require_POST
def logout(request: HttpRequest) -> HttpResponseBase:
    if isinstance(request.user, User):
        audit.record(EventKind.SIGNED_OUT, user=request.user, visitor=visitors.of(request))
        sign_ins.leave(request)
    auth.logout(request)
    return redirect(settings.LOGIN_URL)


@sensitive_post_parameters("password1", "password2")
def signup(request: HttpRequest) -> HttpResponseBase:
    if settings.KAUTH_SIGNUP != "open":
        raise Http404
    form = SignupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _sign_up(request, form)
        if user is not None:
            logins.begin(request, user, next_page=_next(request))
            return redirect(settings.LOGIN_SECOND_STEP_URL)
    return render(request, "accounts/signup.html", {"form": form})


def _sign_up(request: HttpRequest, form: SignupForm) -> User | None:
    visitor = visitors.of(request)
    try:
        throttling.reserve(f"signup:network:{visitor.network}", throttling.SIGNUPS)
        with transaction.atomic():
            user = User.objects.create_user(
                form.cleaned_data["username"], form.cleaned_data["password1"]
            )
            # After the row is there: whoever gives this address up at the same time has by now.
            if addresses.is_taken(user.login_id, by_others_than=user):
                raise IntegrityError
    except Throttled:
        form.add_error(None, _("Too many accounts were made from here. Try again in an hour."))
    except (ValidationError, IntegrityError):
        form.add_error("username", _("There is an account with this login ID. Log in instead."))
    else:
        audit.record(EventKind.SIGNED_UP, user=user, visitor=visitor)
        return user
    return None


@login_required
@sensitive_post_parameters()
def reauthenticate(request: HttpRequest) -> HttpResponseBase:
    """Confirms who is there: by the second factor, or by the password where there is none.

    By a POST only, or a link on anybody's page would ring a person's devices.
    """
    user: Any = request.user
    form = None if user.is_verified() else PasswordForm(request.POST or None)
    if request.method == "POST" and _may_begin_again(request, user, form):
        logins.begin_again(request, user, next_page=_next(request))
        return redirect(settings.LOGIN_SECOND_STEP_URL)
    context = {"form": form, "next": _next(request)}
    return render(request, "accounts/reauthenticate.html", context)


def _may_begin_again(request: HttpRequest, user: User, form: PasswordForm | None) -> bool:
    if form is None:
        return True
    return form.is_valid() and _check_password(request, user.login_id, form) is not None


@recent_login_required
@sensitive_post_parameters()
def password_change(request: HttpRequest) -> HttpResponseBase:
    user: User = request.user  # type: ignore[assignment]
    form = PasswordChangeForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        form.cleaned_data["password"] = form.cleaned_data["old_password"]
        if _check_password(request, user.login_id, form):
            passwords.change(
                user,
                form.cleaned_data["new_password1"],
                visitor=visitors.of(request),
                kind=EventKind.PASSWORD_CHANGED,
            )
            logins.refresh(request, user)
            messages.success(request, _("Your password is changed. All other sessions are ended."))
            return redirect(settings.LOGIN_REDIRECT_URL)
    context = {"form": form, "required": user.must_change_password}
    return render(request, "accounts/password_change.html", context)


def password_reset(request: HttpRequest) -> HttpResponseBase:
    form = PasswordResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            passwords.send_reset(login_id=form.cleaned_data["email"], visitor=visitors.of(request))
        except Throttled as refusal:
            return too_many(request, refusal)
        return render(request, "accounts/password_reset_sent.html")
    return render(request, "accounts/password_reset.html", {"form": form})


@sensitive_post_parameters()
def password_reset_confirm(request: HttpRequest, uid: str, token: str) -> HttpResponseBase:
    """Takes the mailed link. Ends at the login page: the second factor is still asked there."""
    user = reset_links.user_of(uid, token)
    if user is None:
        return render(request, "accounts/password_reset_confirm.html", {"validlink": False})
    form = NewPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        passwords.change(
            user,
            form.cleaned_data["new_password1"],
            visitor=visitors.of(request),
            kind=EventKind.PASSWORD_RESET,
        )
        messages.success(request, _("Your password is changed. Log in with the new one."))
        return redirect(settings.LOGIN_URL)
    context = {"form": form, "validlink": True}
    return render(request, "accounts/password_reset_confirm.html", context)


def too_many(request: HttpRequest, refusal: Throttled) -> HttpResponse:
    response = render(request, "429.html", {"retry_after": refusal.retry_after}, status=429)
    response["Retry-After"] = str(refusal.retry_after)
    return response
