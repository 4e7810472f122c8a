"""What a sign-in by push says to the database, by name, so that nothing is added unseen.

A person whose browser is known, a phone that is connected; what only the embedded mode does (its
rings lie in the database) is left out.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from devices import authentication, protocol
from tests.linked import Linked
from tests.pages import browser, log_in, pass_second_factor
from tests.people import VISITOR
from twofactor import answers, news

pytestmark = pytest.mark.django_db(transaction=True)


def spoken(sql: str) -> str:
    """UPDATE challenge, SELECT device, ..."""
    verb = sql.partition(" ")[0]
    if "strftime('%s', 'now')" in sql or "STATEMENT_TIMESTAMP" in sql:
        return "SELECT clock"
    while (plain := re.sub(r"\([^()]*\)", "", sql)) != sql:
        sql = plain
    named = re.search(r'(?:INTO|UPDATE|FROM) "[a-z]+_(\w+)"', sql)
    return f"{verb} {named[1]}" if named else verb


@contextmanager
def statements() -> Iterator[list[str]]:
    said: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        yield said
    every = [spoken(query["sql"]) for query in queries.captured_queries]
    said += without_rings(every)


def without_rings(every: list[str]) -> list[str]:
    """A transaction of the rings' own goes with them."""
    kept: list[str] = []
    for statement in every:
        if statement == "COMMIT" and kept[-1:] == ["BEGIN"]:
            kept.pop()
        elif not statement.endswith("pendingring"):
            kept.append(statement)
    return kept


@pytest.fixture
def known(alice: Linked) -> Client:
    """A browser that has signed in before and is at the second step again."""
    visitor = browser()
    log_in(visitor)
    pass_second_factor(visitor, alice.user)
    visitor.post("/logout/")
    log_in(visitor)
    return visitor


def answer(alice: Linked, question: dict[str, Any]) -> None:
    given = alice.phone.answer_body(question, "approve", "")
    answers.take(
        challenge_id=question["challenge"],
        device=authentication.find(alice.phone.device),
        decision="approve",
        number="",
        signature=protocol.unb64(given["sig"]),
        visitor=VISITOR,
    )


def ask(alice: Linked) -> dict[str, Any]:
    """What the socket of a device does when it is rung."""
    [question] = news.questions(authentication.find(alice.phone.device))
    return dict(question)


def test_asking_is_one_transaction(known: Client) -> None:
    with statements() as said:
        known.get("/login/verify/?way")
    who_is_there = ["session", "user", "device", "device", "knownbrowser"]
    budgets_and_pauses = ["challenge", "securityevent", "challenge", "absence"]
    shown = ["clock", "device", "device", "securitykey"]
    assert said == [
        *selected(who_is_there),
        "BEGIN",
        *["SAVEPOINT", "SELECT user", "SELECT clock"],
        "SELECT challenge",  # an earlier question that is still open
        *selected(budgets_and_pauses),
        *["INSERT challenge", "RELEASE"],
        *["SELECT pushsubscription", "INSERT securityevent", "UPDATE session"],
        "COMMIT",
        *selected(shown),
    ]


def test_a_rung_device_asks_three_times_and_writes_nothing(known: Client, alice: Linked) -> None:
    known.get("/login/verify/?way")
    with statements() as said:
        ask(alice)
    assert said == selected(["device", "challenge", "practice"])


def test_an_answer_is_one_transaction(known: Client, alice: Linked) -> None:
    known.get("/login/verify/?way")
    question = ask(alice)
    with statements() as said:
        answer(alice, question)
    assert said == [
        *selected(["device", "challenge"]),
        "BEGIN",
        *["UPDATE challenge", "UPDATE device", "INSERT securityevent"],
        "COMMIT",
    ]


def test_when_a_device_was_last_in_use_is_written_once_a_minute(alice: Linked) -> None:
    authentication.touch(authentication.find(alice.phone.device), VISITOR)
    with statements() as said:
        authentication.touch(authentication.find(alice.phone.device), VISITOR)
    assert said == ["SELECT device"]


def test_a_waiting_page_that_looks_writes_nothing(known: Client, alice: Linked) -> None:
    known.get("/login/verify/?way")
    with statements() as said:
        known.get("/login/verify/state/")
    assert said == selected(["session", "user", "challenge", "clock"])


def test_the_sign_in_is_one_transaction(known: Client, alice: Linked) -> None:
    known.get("/login/verify/?way")
    answer(alice, ask(alice))
    with statements() as said:
        known.post("/login/verify/")
    assert said == [
        *selected(["session", "user", "device"]),
        "BEGIN",
        *["UPDATE challenge", "SELECT challenge"],
        *["UPDATE user", "INSERT signin", "INSERT securityevent"],
        *["SELECT knownbrowser", "UPDATE knownbrowser"],
        "UPDATE session",
        "COMMIT",
    ]


def selected(tables: list[str]) -> list[str]:
    return [f"SELECT {table}" for table in tables]
