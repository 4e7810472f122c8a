"""D-92: passwords, cookies and links stand in no log, however much is logged and whatever fails."""

import logging

import pytest

from accounts import reset_links
from accounts.models import SecurityEvent, Throttle, User
from tests.linked import Linked
from tests.pages import browser, log_in, pass_second_factor, session_key
from tests.people import PASSWORD
from twofactor import backup_codes

pytestmark = pytest.mark.django_db

NEW = "a new sentence to remember"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def everything(logged: pytest.LogCaptureFixture) -> str:
    return "\n".join([logged.text, *(str(vars(record)) for record in logged.records)])


def a_day(user: User) -> list[str]:
    """Wrong and right passwords, both factors, a change, a reset; returns what was secret in it."""
    visitor = browser(raise_request_exception=False)
    codes = backup_codes.readable(user) or []
    log_in(visitor, password="wrong horse")
    log_in(visitor)
    pending = session_key(visitor)
    pass_second_factor(visitor, user)
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    visitor.post("/password/change/", fields)
    user.refresh_from_db()
    page = reset_links.page_for(user)
    browser().get(page)
    browser().post(page, {"new_password1": f"{NEW}!", "new_password2": f"{NEW}!"})
    return [PASSWORD, "wrong horse", NEW, pending, session_key(visitor), page, *codes]


def test_d92_no_log_holds_a_secret_of_an_ordinary_day(
    logged: pytest.LogCaptureFixture, alice: Linked
) -> None:
    secrets = a_day(alice.user)
    assert [secret for secret in secrets if secret in everything(logged)] == []


def test_d100_no_event_and_no_counter_holds_one_either(alice: Linked) -> None:
    secrets = a_day(alice.user)
    rows = str([*SecurityEvent.objects.values(), *Throttle.objects.values()])
    assert [secret for secret in secrets if secret in rows] == []


def test_d92_a_form_that_is_refused_is_not_logged(logged: pytest.LogCaptureFixture) -> None:
    careful = browser(enforce_csrf_checks=True)
    fields = {"username": "alice@example.org", "password": PASSWORD}
    assert careful.post("/login/", fields).status_code == 403
    too_big = {**fields, "filler": "x" * 1_000_000}
    assert browser().post("/login/", too_big).status_code in (200, 400)
    assert PASSWORD not in everything(logged)
