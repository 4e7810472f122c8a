"""The roles of the staff, as groups with permissions: given to people in the admin by superusers.

They are put right after each migration, so that what a new version adds is in them. A site that
wants others makes groups of its own.
"""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet

OURS = ("accounts", "devices", "twofactor")
READ = ["user", "signin", "securityevent", "device", "enrolment", "challenge", "helpdeskcode"]
METHODS = ["otpapp", "securitykey"]
HELP_DESK = {
    "view": [*READ, *METHODS],
    "change": ["device", "signin", *METHODS],
    "make": ["helpdesk_code"],
}
ADMINISTRATOR = {"change": ["user", "policy"], "add": ["policy"], "delete": ["policy"]}


def make(sender: AppConfig, using: str, **options: Any) -> None:
    """The three roles, with exactly these permissions."""
    # Django makes those of the last app at this moment too, before or after.
    create_permissions(sender, using=using, verbosity=0)
    everything = Permission.objects.using(using).filter(content_type__app_label__in=OURS)
    reading = everything.filter(codename__startswith="view_")
    helping = _named(everything, HELP_DESK)
    groups = Permission.objects.using(using).filter(codename="view_group")
    _role("auditor", reading | groups, using)
    _role("help desk", helping, using)
    ruling = _named(everything, ADMINISTRATOR)
    _role("administrator", reading | groups | helping | ruling, using)


def _named(permissions: QuerySet[Permission], words: dict[str, list[str]]) -> QuerySet[Permission]:
    names = [f"{verb}_{thing}" for verb, things in words.items() for thing in things]
    return permissions.filter(codename__in=names)


def _role(name: str, permissions: QuerySet[Permission], using: str) -> None:
    group, _ = Group.objects.using(using).get_or_create(name=name)
    group.permissions.set(permissions)
