"""Every address of the site, by every kind of visitor: one table, checked as a whole.

The table is in who_reaches_what.txt, one line an address. A new address fails here until somebody
has written down who is to reach it. Things that an address names are the visitor's own; those of
another person in the admin, and where the line says so. What a cell says of a GET:

ok           the page, or what it answers when it is asked
login        led to the password            verify       led to the second step of a sign-in
again        led to confirm who they are    password     led to a new password
2fa          led to the 2FA section         manager      led to the account manager
admin        led on inside the admin        admin-login  led to where the admin sends strangers
403 ...      refused with this status
"""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import transaction
from django.template import Origin
from django.template.loaders.base import Loader
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from accounts.models import User
from accounts.policy_models import Policy
from devices.models import Device
from tests.linked import Linked
from tests.pages import browser, log_in, two_factor_browser
from tests.people import VISITOR
from twofactor import challenges, helpdesk_codes
from twofactor.models import ExpiryRun, OtpApp, Purpose, SecurityKey

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("who_reaches_what.txt")
ANOTHERS = " of another"
LED_TO = {
    "/login/again/": "again",
    "/login/verify/": "verify",
    "/login/": "login",
    "/2fa/": "2fa",
    "/manager/": "manager",
    "/admin/login/": "admin-login",
    "/admin/": "admin",
    "/password/change/": "password",
}

Row = dict[str, str]


def routes(patterns: Any, prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route
            if "public_id>" in route:
                yield route + ANOTHERS


def written_down() -> dict[str, Row]:
    heads, *lines = TABLE.read_text(encoding="utf-8").splitlines()
    names = heads.split()[1:]
    table = {}
    for line in lines:
        # Only routes have single blanks in them.
        route, *cells = [part.strip() for part in line.split("  ") if part.strip()]
        table[route] = dict(zip(names, cells, strict=True))
    return table


class BlankPages(Loader):
    """Templates with nothing in them: what pages look like is asked elsewhere, and takes long."""

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        yield Origin(name=template_name, template_name=template_name, loader=self)

    def get_contents(self, origin: Origin) -> str:
        return ""


# --- Who comes ----------------------------------------------------------------------------


def one_factor(person: User) -> Client:
    """What a session from before the second factor would be, if there were one."""
    visitor = browser()
    visitor.force_login(person)
    return visitor


def pending(person: User) -> Client:
    visitor = browser()
    log_in(visitor, person.login_id)
    return visitor


def stale(person: User) -> Client:
    visitor = two_factor_browser(person)
    session = visitor.session
    session["reauthenticated_at"] -= 301
    session.save()
    return visitor


def in_role(name: str) -> Callable[[User], Client]:
    def sign_in(person: User) -> Client:
        person.is_staff = True
        person.save()
        person.groups.set([Group.objects.get(name=name)])
        return two_factor_browser(person)

    return sign_in


VISITORS: dict[str, Callable[[User], Client]] = {
    "nobody": lambda _: browser(),
    "pending": pending,
    "one-factor": one_factor,
    "stale": stale,
    "person": two_factor_browser,
    "auditor": in_role("auditor"),
    "help-desk": in_role("help desk"),
    "administrator": in_role("administrator"),
}


# --- Where they go ------------------------------------------------------------------------


@pytest.fixture
def things(alice: Linked, bob: Linked, settings: Any) -> None:
    """One of everything that an address can name: of bob, who visits, and of alice."""
    (engine,) = settings.TEMPLATES
    options = {"loaders": [f"{__name__}.BlankPages"]}
    settings.TEMPLATES = [{"BACKEND": engine["BACKEND"], "OPTIONS": options}]
    now = timezone.now()
    for person in (alice.user, bob.user):
        OtpApp.objects.create(user=person, name="OTP app", otp_secret=b"", created_at=now)
        key = {"credential_id": person.pk.bytes, "public_key": b"", "key_seal": b""}
        SecurityKey.objects.create(user=person, name="Key", created_at=now, **key)
    ExpiryRun.objects.create(ran_at=now)
    Policy.objects.create(group=Group.objects.create(name="Sales"))
    challenges.issue(
        user=alice.user,
        purpose=Purpose.LOGIN,
        binding="0" * 64,
        visitor=VISITOR,
        known_browser=None,
    )
    helpdesk_codes.make(alice.user, by="test", reason="lost", visitor=VISITOR)
    two_factor_browser(alice.user)


def address(route: str, mine: User, other: User) -> str:
    """Where `route` leads: to a thing of `mine`; in the admin, and where it says so, of `other`."""
    whose = other if route.endswith(ANOTHERS) else mine
    device = Device.objects.get(user=whose).public_id
    kinds = {"keys": SecurityKey, "otp": OtpApp}
    kind = next((model for name, model in kinds.items() if f"/2fa/{name}/" in route), None)
    filled = {
        ANOTHERS: "",
        "<slug:kind>": "devices",
        "<str:uid>": "x",
        "<str:token>": "y",
        "<uuid:user_id>": str(other.pk),
        "<uuid:public_id>": str(kind.objects.get(user=whose).public_id if kind else device),
        "<path:content_type_id>/<path:object_id>": f"1/{other.pk}",
        "<path:object_id>": object_id(route, other),
        "^(?P<app_label>auth|accounts|devices|twofactor)/$": "accounts/",
        "(?P<url>.*)$": "nothing/",
        "^device/v1(?:/|$)": "device/v1/nothing",
    }
    for part, value in filled.items():
        route = route.replace(part, value)
    return route


def object_id(route: str, other: User) -> str:
    """Of the thing that the admin's page is about; of `other`'s, where it is somebody's."""
    _, _, app, model, *_ = [*route.split("/"), "", ""]
    if "<path:object_id>" not in route or not app.islower() or app == "r":
        return ""
    found = apps.get_model(app, model)._default_manager
    whose = {"user": other} if model not in ("user", "group", "policy") else {}
    return str(other.pk if model == "user" else found.filter(**whose).latest("pk").pk)


def word(answer: Any) -> str:
    if answer.status_code not in (301, 302):
        return "ok" if answer.status_code == 200 else str(answer.status_code)
    path = urlsplit(answer["Location"]).path
    return next((word for start, word in LED_TO.items() if path.startswith(start)), path)


def reached(visitor: Client, page: str) -> str:
    """What a GET comes to; it leaves everything as it was."""
    cookies = copy.deepcopy(visitor.cookies)
    with transaction.atomic():
        found = word(visitor.get(page))
        transaction.set_rollback(True)
    visitor.cookies = cookies
    return found


def test_everybody_reaches_what_is_meant_for_them_and_nothing_else(
    alice: Linked, bob: Linked, things: None
) -> None:
    every = list(routes(get_resolver().url_patterns))
    found: dict[str, Row] = {route: {} for route in every}
    for name, arrive in VISITORS.items():
        visitor = arrive(User.objects.get(pk=bob.user.pk))
        for route in every:
            found[route][name] = reached(visitor, address(route, bob.user, alice.user))
    table = written_down()
    assert sorted(found) == sorted(table)
    assert {route: row for route, row in found.items() if row != table[route]} == {}
