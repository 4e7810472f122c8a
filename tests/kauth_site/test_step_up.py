"""Every address of the site either wants the factors of the last five minutes, or says why not."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.login import RECENT
from accounts.models import SecurityEvent
from tests.linked import Linked
from tests.otp import add_otp_app
from tests.pages import is_signed_in, two_factor_browser

pytestmark = pytest.mark.django_db

# Pages that change how an account is protected: nobody looks at them without it either.
GUARDED = {
    "accounts:password_change",
    "accounts:address",
    "devices:link",
    "devices:device",
    "devices:app_authorize",
    "twofactor:add",
    "twofactor:add_otp",
    "twofactor:add_key",
    "twofactor:security_key",
    "twofactor:otp_app",
    "twofactor:remove",
    "twofactor:backup_codes",
    "twofactor:backup_codes_download",
}
# Pages that everybody who is signed in may look at; to change something wants it.
GUARDED_CHANGES = {"accounts:sessions", "accounts:browsers"}
FREE = {
    # the way in and out
    "accounts:login",
    "accounts:second_factor",
    "accounts:reauthenticate",
    "accounts:logout",
    "accounts:signup",
    "accounts:password_reset",
    "twofactor:verify",
    "twofactor:verify_state",
    "twofactor:verify_again",
    "twofactor:verify_cancel",
    "twofactor:code",
    "twofactor:backup_code",
    "twofactor:key",
    # the token is the proof, for one thing, and lets nobody in
    "accounts:password_reset_confirm",
    "accounts:address_link",
    "devices:veto",
    "twofactor:not_me",
    # they tell, and change nothing
    "accounts:activity",
    "accounts:activity_download",
    "devices:link_state",
    "twofactor:overview",
    "index",
    "manager",
    "readyz",
    "csp_report",
    # the app's files, the same for everybody
    "devices:app",
    "devices:app_link",
    "devices:app_manifest",
    "devices:app_worker",
    # they only shut: what is new is turned away, nobody is asked
    "devices:veto_in_session",
    "twofactor:veto",
    "twofactor:away",
}


def addresses(resolver: Any, namespace: str = "") -> Iterator[str]:
    """Their names, without the admin, which has a guard of its own, and what devices call."""
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            if pattern.namespace != "admin":
                yield from addresses(pattern, pattern.namespace or namespace)
        elif pattern.name and not pattern.name.startswith("api_"):
            yield f"{namespace}:{pattern.name}".removeprefix(":")


def page_of(name: str, linked: Linked) -> str:
    """Its address, for something that the account has."""
    device = {"public_id": linked.row.public_id}
    arguments: dict[str, dict[str, Any]] = {
        "devices:device": device,
        "twofactor:remove": {"kind": "devices", **device},
        "twofactor:otp_app": {"public_id": add_otp_app(linked.user).public_id},
        "twofactor:security_key": device,
    }
    return reverse(name, kwargs=arguments.get(name))


@pytest.fixture
def stale(alice: Linked) -> Client:
    """A session of both factors, passed a little more than five minutes ago."""
    visitor = two_factor_browser(alice.user)
    session = visitor.session
    session[RECENT] -= 301
    session.save()
    return visitor


def test_every_address_is_on_one_of_these_lists() -> None:
    assert set(addresses(get_resolver())) == GUARDED | GUARDED_CHANGES | FREE


@pytest.mark.parametrize("name", sorted(GUARDED | GUARDED_CHANGES))
def test_d71_after_five_minutes_nothing_is_changed_without_a_new_proof(
    alice: Linked, stale: Client, name: str
) -> None:
    page = page_of(name, alice)
    before = SecurityEvent.objects.count()
    fields = {"action": "new", "all": "1", "name": "x", "address": "new@example.org"}
    assert stale.post(page, fields)["Location"].startswith("/login/again/?next=")
    assert SecurityEvent.objects.count() == before
    assert is_signed_in(stale)


@pytest.mark.parametrize("name", sorted(GUARDED))
def test_d71_nor_are_these_pages_shown(alice: Linked, stale: Client, name: str) -> None:
    page = page_of(name, alice)
    assert stale.get(page)["Location"].startswith("/login/again/?next=")
