"""What a person could do next so that a lost phone shuts nobody out; the most pressing first."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext, ngettext

from accounts import clock
from accounts.models import User
from twofactor import backup_codes, demands
from twofactor.methods import Overview
from twofactor.models import BackupCodeSet

FEW_CODES = 3
OLD_CODES = timedelta(days=365)


@dataclass(frozen=True)
class Advice:
    """A sentence, and the page (by its name) where the person can follow it."""

    text: str
    label: str
    page: str


def for_person(user: User, overview: Overview) -> list[Advice]:
    """Empty when there is nothing to do. With 2FA off only a policy that asks for it is told."""
    if not overview.enabled:
        return _about_policy(user)
    return [*_about_codes(user, overview.backup_codes_left), *_about_devices(overview)]


def _about_policy(user: User) -> list[Advice]:
    text = demands.announced(user)
    return [Advice(text, gettext("Switch on 2FA"), "twofactor:overview")] if text else []


def _about_codes(user: User, left: int) -> list[Advice]:
    code_set = BackupCodeSet.objects.filter(user=user).first()
    label = gettext("Make new codes")
    if backup_codes.readable(user) is not None:
        label, text = gettext("Save them"), gettext("Your backup codes are not saved yet.")
    elif code_set is None or left == 0:
        text = gettext("You have no backup codes. Without your phone you could not log in.")
    elif left <= FEW_CODES:
        text = _few(left)
    elif code_set.saved_at is None:
        text = gettext(
            "You have not said that your backup codes are saved. Make new ones if they are not."
        )
    elif code_set.made_at < clock.now() - OLD_CODES:
        text = gettext("Your backup codes are over a year old. Do you still know where they are?")
    else:
        return []
    return [Advice(text, label, "twofactor:backup_codes")]


def _few(left: int) -> str:
    return ngettext(
        "Only %(left)d backup code is left.", "Only %(left)d backup codes are left.", left
    ) % {"left": left}


def _about_devices(overview: Overview) -> list[Advice]:
    if len(overview.methods) > 1:
        return []
    if not overview.devices:
        text = gettext("You have one method. With a second one you get in when the first is lost.")
        return [Advice(text, gettext("Add a second method"), "twofactor:add")]
    text = gettext("You have one device. With a second one you get in when the first is lost.")
    return [Advice(text, gettext("Link a second device"), "devices:link")]
