"""The waiting page: what it says, and what its buttons do while the devices rest."""

import pytest
from django.test import Client

from tests.linked import Linked
from tests.pages import browser, is_signed_in, log_in
from tests.twofactor.asking import answer
from twofactor.models import Challenge, State

pytestmark = pytest.mark.django_db

VERIFY = "/login/verify/"


@pytest.fixture
def desk(alice: Linked) -> Client:
    """A browser on the waiting page, whose question is open."""
    visitor = browser()
    log_in(visitor)
    visitor.get(VERIFY)
    return visitor


def open_question() -> Challenge:
    return Challenge.objects.get(state=State.PENDING)


def approve(person: Linked) -> None:
    challenge = open_question()
    answer(person, challenge, number=challenge.number)


def page_of(visitor: Client) -> str:
    return visitor.get(VERIFY).content.decode()


def again(visitor: Client) -> str:
    return visitor.post(f"{VERIFY}again/", follow=True).content.decode()


def test_send_again_asks_anew_and_the_older_question_is_over(alice: Linked, desk: Client) -> None:
    older = open_question()
    again(desk)
    assert open_question() != older


def test_send_again_while_the_devices_rest_keeps_the_open_question(
    alice: Linked, desk: Client
) -> None:
    for _ in range(2):
        again(desk)
    kept = open_question()
    assert "Your devices were asked often, so they rest" in again(desk)
    assert open_question() == kept
    approve(alice)
    desk.post(VERIFY)
    assert is_signed_in(desk)


def test_after_a_no_the_page_says_how_long_the_devices_rest(alice: Linked, desk: Client) -> None:
    answer(alice, open_question(), "deny")
    assert "Not approved. Try again, or use a code." in page_of(desk)
    page = again(desk)
    assert "Your devices rest for" in page
    assert "after a request that was not approved. Use a code meanwhile." in page
    assert "asked often" not in page


def test_after_a_no_the_page_knows_when_it_may_ask_again(alice: Linked, desk: Client) -> None:
    answer(alice, open_question(), "deny")
    state = desk.get(f"{VERIFY}state/").json()
    assert state["state"] == "denied"
    assert 0 < state["resend_in"] <= 11


def test_a_look_at_the_page_never_asks_anew(alice: Linked, desk: Client) -> None:
    Challenge.objects.all().delete()
    assert "Your devices can be asked again. Press Send again" in page_of(desk)
    assert not Challenge.objects.exists()
