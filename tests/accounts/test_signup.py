"""Making an account: where it is open, once for each login ID, and not in any number."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import throttling
from accounts.models import EventKind, SecurityEvent, User
from tests.pages import browser, is_signed_in, signed_in_as
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

SIGNUP = "/signup/"
FIELDS = {"username": "Alice@Example.org", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def visitor(settings: Settings) -> Client:
    settings.KAUTH_SIGNUP = "open"
    return browser()


def test_an_account_is_made_and_its_person_goes_on_to_the_second_step(visitor: Client) -> None:
    assert visitor.post(SIGNUP, FIELDS).headers["Location"] == "/login/verify/"
    assert User.objects.get().login_id == "alice@example.org"
    assert signed_in_as(visitor) is None
    visitor.get("/login/verify/")
    assert is_signed_in(visitor)
    kinds = SecurityEvent.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == [EventKind.SIGNED_UP, EventKind.SIGNED_IN]


@pytest.mark.parametrize("method", ["get", "post"])
def test_where_it_is_closed_there_is_no_such_page(method: str) -> None:
    assert browser().generic(method.upper(), SIGNUP).status_code == 404
    assert browser().post(SIGNUP, FIELDS).status_code == 404
    assert not User.objects.exists()


def test_nobody_makes_themselves_staff(visitor: Client) -> None:
    visitor.post(SIGNUP, {**FIELDS, "is_staff": "on", "is_superuser": "on", "must_enrol": ""})
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_a_login_id_that_is_taken_is_not_taken_over(visitor: Client) -> None:
    make_user()
    other = {**FIELDS, "password1": "another sentence", "password2": "another sentence"}
    page = visitor.post(SIGNUP, other)
    assert "There is an account with this login ID" in page.content.decode()
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize("missing", FIELDS)
def test_every_field_is_needed(visitor: Client, missing: str) -> None:
    fields = {name: value for name, value in FIELDS.items() if name != missing}
    assert visitor.post(SIGNUP, fields).status_code == 200
    assert not User.objects.exists()


def test_an_empty_form_makes_no_account(visitor: Client) -> None:
    assert visitor.post(SIGNUP).status_code == 200
    assert not User.objects.exists()


def test_one_network_cannot_make_accounts_in_any_number(visitor: Client) -> None:
    for _ in range(throttling.SIGNUPS.free):
        throttling.reserve("signup:network:198.51.100.1", throttling.SIGNUPS)
    page = visitor.post(SIGNUP, FIELDS)
    assert "Too many accounts were made from here" in page.content.decode()
    assert not User.objects.exists()
    assert browser(address="192.0.2.9").post(SIGNUP, FIELDS).status_code == 302
