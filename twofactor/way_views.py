"""The ways through the second step beside a linked device: codes, backup codes, keys."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts import known_browsers, throttling, visitors
from accounts.login import PendingLogin
from devices import one_time_codes
from devices.one_time_codes import WrongCode
from twofactor import backup_codes, demands, helpdesk_codes, methods, security_keys, ways
from twofactor.exceptions import KeyRefused, WrongBackupCode, WrongHelpDeskCode
from twofactor.forms import BackupCodeForm, CodeForm, KeyForm
from twofactor.views import end_question, second_step, signed_in

Redeem = Callable[..., Any]


class WrittenCode(NamedTuple):
    """What is typed on the page for backup codes: each kind has a counter of its own."""

    redeem: Redeem
    route: str
    method: str


BACKUP = WrittenCode(backup_codes.redeem, "backup", ways.BACKUP_CODE.name)
HELP_DESK = WrittenCode(helpdesk_codes.redeem, "helpdesk", "helpdesk_code")


@second_step
@sensitive_post_parameters()
def code(request: HttpRequest, pending: PendingLogin) -> HttpResponseBase:
    """A 30-second code of any linked device or OTP app."""
    if ways.CODE not in ways.of(pending.user):
        return redirect("twofactor:verify")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        redeem = partial(one_time_codes.redeem, apps=demands.otp_apps(pending.user))
        source = _redeemed(request, pending, form, redeem, route="code")
        if source is not None:
            return signed_in(request, pending, device=source, method=ways.CODE.name)
    context = {
        "form": form,
        "ways": ways.others(pending.user, ways.CODE),
        "devices": demands.device_may_be_asked(pending.user),
        "otp_apps": demands.otp_apps(pending.user).exists(),
    }
    return render(request, "twofactor/code.html", context)


@second_step
@sensitive_post_parameters()
def backup_code(request: HttpRequest, pending: PendingLogin) -> HttpResponseBase:
    """One of the codes on paper, or the one that the help desk made."""
    form = BackupCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kind = _kind_of_code(pending, form.cleaned_data["code"])
        found = _redeemed(request, pending, form, kind.redeem, route=kind.route)
        if found is not None:
            return signed_in(request, pending, device=found, method=kind.method)
    recovery = methods.only_recovery(pending.user)
    if recovery:
        form.fields["code"].label = _("Help-desk code")
    context = {
        "form": form,
        "recovery": recovery,
        "still_allowed": demands.still_allowed(pending.user),
        "ways": ways.others(pending.user, ways.BACKUP_CODE),
    }
    return render(request, "twofactor/backup_code.html", context)


def _kind_of_code(pending: PendingLogin, code: str) -> WrittenCode:
    return HELP_DESK if helpdesk_codes.may_be(pending.user, code) else BACKUP


@second_step
@sensitive_post_parameters()
def key(request: HttpRequest, pending: PendingLogin) -> HttpResponseBase:
    """A security key signs for this page. Each view of it gives the key a fresh challenge."""
    if ways.KEY not in ways.of(pending.user):
        return redirect("twofactor:verify")
    page: dict[str, Any] = {"binding": pending.binding, "purpose": pending.purpose}
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        redeem = partial(security_keys.redeem, **page)
        found = _redeemed(request, pending, form, redeem, route="key")
        if found is not None:
            return signed_in(request, pending, device=found, method=ways.KEY.name)
    context = {
        "form": form,
        "options": security_keys.sign_in_options(pending.user, **page),
        "ways": ways.others(pending.user, ways.KEY),
    }
    return render(request, "twofactor/key.html", context)


def _redeemed(
    request: HttpRequest, pending: PendingLogin, form: Form, redeem: Redeem, *, route: str
) -> Any | None:
    """The django-otp device that what was sent belongs to; else None, and the form says why."""
    (field,) = form.fields
    try:
        device = redeem(
            user=pending.user,
            code=form.cleaned_data[field],
            visitor=visitors.of(request),
            counter=_counter(request, pending, route),
        )
    except WrongCode:
        form.add_error(field, _("This code does not fit. Type the one shown right now."))
    except (WrongBackupCode, WrongHelpDeskCode):
        form.add_error(field, _("This is none of your unused backup codes. Check each sign."))
    except KeyRefused:
        form.add_error(field, _("That did not work. Try again, or use another way."))
    except throttling.Throttled as refusal:
        form.add_error(field, refusal.words)
    else:
        end_question(request, pending)
        return device
    return None


def _counter(request: HttpRequest, pending: PendingLogin, route: str) -> str:
    """Known browsers have a bucket of their own: a stranger's tries cannot shut them out."""
    browser = known_browsers.find(request, pending.user)
    owner = f"browser:{browser.pk}" if browser else f"account:{pending.user.pk}"
    return f"{route}:{owner}"
