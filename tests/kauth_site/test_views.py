"""The front door, the account manager, and what the site says of its own health."""

from datetime import timedelta
from typing import Any

import pytest
from channels.layers import channel_layers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings

from accounts import audit
from accounts.models import EventKind, Session
from kauth_site.views import LATE_EXPIRY, RECENT_EVENTS
from tests.linked import Linked
from tests.pages import (
    MANAGER,
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    sign_in,
    two_factor_browser,
)
from tests.people import VISITOR, make_user
from twofactor.models import ExpiryRun

pytestmark = pytest.mark.django_db


# --- The front door and the account manager -----------------------------------------------


def test_the_front_door_leads_strangers_to_the_login() -> None:
    assert browser().get("/").headers["Location"] == "/login/"


def test_the_front_door_leads_who_is_signed_in_to_the_account_manager(alice: Linked) -> None:
    assert two_factor_browser(alice.user).get("/").headers["Location"] == MANAGER


def test_who_has_passed_the_password_alone_is_a_stranger_at_the_door(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    assert visitor.get("/").headers["Location"] == "/login/"


def test_the_account_manager_shows_devices_codes_and_what_happened(alice: Linked) -> None:
    page = two_factor_browser(alice.user).get(MANAGER).content.decode()
    for part in ("alice@example.org", "On, with 1 device and 10 backup codes.", "Pixel 8"):
        assert part in page
    assert "Signed in" in page


def test_the_account_manager_shows_own_events_only(alice: Linked) -> None:
    stranger = make_user("mallory@example.org")
    audit.record(EventKind.TAMPERED, user=stranger, visitor=VISITOR)
    audit.record(EventKind.PASSWORD_WRONG, visitor=VISITOR)
    page = two_factor_browser(alice.user).get(MANAGER)
    assert {event.user_id for event in page.context["events"]} == {alice.user.pk}


def test_the_account_manager_shows_the_newest_events(alice: Linked) -> None:
    visitor = two_factor_browser(alice.user)
    for _ in range(RECENT_EVENTS + 5):
        audit.record(EventKind.CODE_WRONG, user=alice.user)
    events = visitor.get(MANAGER).context["events"]
    assert len(events) == RECENT_EVENTS
    assert {event.kind for event in events} == {EventKind.CODE_WRONG}


def test_without_a_method_the_account_manager_says_so() -> None:
    make_user()
    visitor = browser()
    sign_in(visitor)
    assert "Switch on 2FA" in visitor.get(MANAGER).content.decode()


def test_the_site_bears_the_name_that_it_was_given(settings: Settings) -> None:
    settings.KAUTH_SERVICE_NAME = "<b>Club</b>"
    page = browser().get("/login/").content.decode()
    assert "&lt;b&gt;Club&lt;/b&gt;" in page
    assert "<b>Club" not in page


@pytest.mark.parametrize(("state", "shown"), [("open", True), ("closed", False)])
def test_the_way_to_a_new_account_is_shown_where_it_is_open(
    settings: Settings, state: str, shown: bool
) -> None:
    settings.KAUTH_SIGNUP = state
    assert ("/signup/" in browser().get("/login/").content.decode()) is shown


# --- Health -------------------------------------------------------------------------------


def test_no_page_takes_a_file() -> None:
    answer = browser().post("/login/", {"username": SimpleUploadedFile("a.txt", b"x")})
    assert answer.status_code == 400
    assert "This request cannot be read" in answer.content.decode()


def test_who_has_no_sign_in_under_way_gets_no_session_by_asking_for_one() -> None:
    for page in ("/login/verify/", "/login/verify/code/", "/login/?over=1", "/login/again/"):
        browser().get(page)
    assert not Session.objects.exists()


def ready() -> tuple[int, Any]:
    response = browser().get("/readyz")
    return response.status_code, response.json()


def ran(ago: timedelta) -> None:
    ExpiryRun.objects.update_or_create(pk=1, defaults={"ran_at": timezone.now() - ago})


def test_healthz_is_well_when_the_database_answers() -> None:
    response = browser().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert not response.cookies


def test_readyz_is_well_when_bell_and_expiry_are() -> None:
    ran(timedelta(seconds=3))
    status, state = ready()
    assert status == 200
    assert (state["status"], state["doorbell"], state["expiry"]) == ("ok", "ok", "ok")
    assert 3 <= state["expiry_age"] <= 10


def test_readyz_tells_that_the_expiry_never_ran() -> None:
    status, state = ready()
    assert status == 503
    assert (state["status"], state["expiry"], state["expiry_age"]) == ("degraded", "late", None)


def test_readyz_tells_that_the_expiry_is_late() -> None:
    ran(LATE_EXPIRY + timedelta(seconds=2))
    assert ready()[0] == 503
    ran(LATE_EXPIRY - timedelta(seconds=5))
    assert ready()[0] == 200


@pytest.fixture
def bell_away(settings: Settings) -> None:
    """Redis is configured, and nobody listens there."""
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "kauth_site.redis_layer.RedisLayer",
            "CONFIG": {"url": "redis://127.0.0.1:1"},
        }
    }
    channel_layers.backends.clear()


def test_d17_readyz_tells_that_the_bell_is_away(bell_away: None) -> None:
    ran(timedelta(0))
    status, state = ready()
    assert status == 503
    assert (state["doorbell"], state["expiry"]) == ("away", "ok")


def test_d17_without_the_bell_nobody_gets_in_and_backup_codes_work(
    bell_away: None, alice: Linked
) -> None:
    visitor = browser()
    log_in(visitor)
    assert visitor.get("/login/verify/").status_code == 200
    assert visitor.post("/login/verify/").status_code == 200
    assert not is_signed_in(visitor)
    pass_second_factor(visitor, alice.user)
    assert is_signed_in(visitor)
