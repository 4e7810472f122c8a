"""The frames of a question: from the server's own rows, signed for one device alone."""

import json
from collections import Counter
from typing import Any

import pytest

from accounts.visitors import Visitor
from devices import keys, p256
from devices.protocol import b64, unb64
from tests.linked import Linked
from tests.people import VISITOR, link_device
from tests.twofactor.asking import ask
from twofactor import requests

THOUSANDS = 10_000
# Chi-square with 9 degrees of freedom: chance exceeds this once in a million runs.
TOO_UNEVEN = 46.0


@pytest.mark.parametrize("digits", [2, 4, 6])
def test_d02_every_digit_of_a_number_is_as_likely_as_any_other(digits: int, settings: Any) -> None:
    settings.KAUTH_NUMBER_DIGITS = digits
    numbers = [requests.new_number() for _ in range(THOUSANDS)]
    assert {len(number) for number in numbers} == {digits}
    for place in range(digits):
        drawn = Counter(number[place] for number in numbers)
        expected = THOUSANDS / 10
        assert set(drawn) == set("0123456789"), "leading noughts are kept"
        assert sum((count - expected) ** 2 / expected for count in drawn.values()) < TOO_UNEVEN


@pytest.mark.django_db
def test_the_message_is_what_the_protocol_says_and_signed(alice: Linked) -> None:
    message = requests.message(ask(alice), alice.row)
    assert set(message) == {
        "t", "challenge", "purpose", "match", "digits", "created", "expires", "context", "sig",
    }  # fmt: skip
    assert alice.phone.accepts_request(b64(keys.public()), message)
    assert message["expires"] - message["created"] == 120


@pytest.mark.django_db
def test_d13_it_is_signed_for_one_device_alone(alice: Linked) -> None:
    _, laptop = link_device(alice.user, "Laptop")
    challenge = ask(alice)
    server, mine = keys.public(), requests.message(challenge, alice.row)
    other = requests.message(challenge, laptop)
    public = p256.load_public(server)
    frame = requests.request_frame(challenge, alice.row)
    assert p256.verify(public, unb64(mine["sig"]), frame)
    assert not p256.verify(public, unb64(other["sig"]), frame)


@pytest.mark.django_db
def test_d11_the_context_says_who_asks_from_where_and_for_what(alice: Linked) -> None:
    assert json.loads(ask(alice).context) == {
        "service": "Account manager",
        "login": "alice@example.org",
        "browser": VISITOR.browser,
        "ip": VISITOR.address,
        "place": VISITOR.place,
        "new_browser": False,
    }


@pytest.mark.django_db
def test_d11_a_browser_that_is_new_is_called_so(alice: Linked) -> None:
    assert json.loads(ask(alice, known=False).context)["new_browser"] is True


@pytest.mark.django_db
def test_a_visitor_without_an_address_leaves_it_empty(alice: Linked) -> None:
    facts = json.loads(
        requests.context_of(
            user=alice.user, visitor=Visitor(), service="Command line", new_browser=False
        )
    )
    assert (facts["ip"], facts["place"]) == ("", None)


@pytest.mark.django_db
def test_d01_neither_message_nor_frame_holds_the_number(alice: Linked, settings: Any) -> None:
    settings.KAUTH_NUMBER_DIGITS = 6
    challenge = ask(alice, known=False)
    sent = {**requests.message(challenge, alice.row), "sig": ""}
    assert challenge.number not in json.dumps(sent)
    frame = requests.request_frame(challenge, alice.row)
    challenge.number = "000000"
    assert requests.request_frame(challenge, alice.row) == frame
