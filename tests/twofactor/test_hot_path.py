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
from tests.pages import browser, log_in
from tests.people import VISITOR
from twofactor import answers, news

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def spoken(sql: str) -> str:
    """UPDATE challenge, SELECT device, ..."""
    verb = sql.partition(" ")[0]
    if sql.startswith(("SELECT strftime", "SELECT EXTRACT")):
        return "SELECT clock"
    if "UNION" in sql:
        return "SELECT methods"
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
    [question] = news.question(authentication.find(alice.phone.device))
    return dict(question)


@pytest.fixture
def known(alice: Linked, settings: Any) -> Client:
    """A browser that has signed in by this phone a moment ago and is at the second step again."""
    settings.KAUTH_NUMBER_MATCHING = "never"
    visitor = browser()
    log_in(visitor)
    visitor.get("/login/verify/?way")
    answer(alice, ask(alice))
    visitor.post("/login/verify/")
    visitor.post("/logout/")
    log_in(visitor)
    return visitor


def test_a_right_password_is_written_down_in_one_transaction(alice: Linked, known: Client) -> None:
    known.post("/logout/")
    with statements() as said:
        log_in(known)
    assert said == [
        *selected(["user", "knownbrowser", "user"]),
        # An attempt is counted before it is judged, whatever comes after.
        *["UPDATE throttle", "UPDATE throttle"],
        *["BEGIN", "INSERT securityevent", "INSERT session", "COMMIT"],
    ]


def test_asking_is_one_transaction(known: Client) -> None:
    with statements() as said:
        known.get("/login/verify/?way")
    who_is_there = ["session", "user", "methods", "knownbrowser"]
    assert said == [
        *selected(who_is_there),
        "BEGIN",
        "SELECT user",  # its lock
        # The clock with the last sign-in and the absence; the requests of a day.
        *selected(["user", "challenge"]),
        "INSERT challenge",
        "SELECT pushsubscription",
        *["INSERT securityevent", "UPDATE session"],
        "COMMIT",
    ]


def test_nobody_asks_whom_to_wake_where_nobody_can_be(known: Client, settings: Any) -> None:
    settings.KAUTH_VAPID_KEY = ""
    with statements() as said:
        known.get("/login/verify/?way")
    assert "SELECT pushsubscription" not in said


def test_a_rung_device_asks_twice_and_writes_nothing(known: Client, alice: Linked) -> None:
    known.get("/login/verify/?way")
    with statements() as said:
        ask(alice)
    assert said == selected(["device", "challenge"])


def test_who_has_just_connected_is_told_all_by_three_reads(alice: Linked) -> None:
    with statements() as said:
        news.everything(alice.row)
    assert said == selected(["challenge", "practice", "notice"])


def test_an_answer_is_one_transaction(known: Client, alice: Linked) -> None:
    known.get("/login/verify/?way")
    question = ask(alice)
    with statements() as said:
        answer(alice, question)
    assert said == [
        *selected(["device", "challenge"]),
        "BEGIN",
        "SELECT user",  # its lock, before any other
        *["UPDATE challenge", "INSERT securityevent"],
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
    assert said == selected(["session", "user", "challenge"])


def test_the_sign_in_is_one_transaction(known: Client, alice: Linked) -> None:
    known.get("/login/verify/?way")
    answer(alice, ask(alice))
    with statements() as said:
        known.post("/login/verify/")
    assert said == [
        *selected(["session", "user", "methods"]),
        "BEGIN",
        *["SELECT user", "UPDATE challenge", "SELECT challenge"],
        *["UPDATE user", "INSERT signin", "INSERT securityevent", "SELECT knownbrowser"],
        "UPDATE session",
        "COMMIT",
    ]


def test_from_password_to_page_three_transactions_write_ten_rows(
    known: Client, alice: Linked
) -> None:
    with statements() as said:
        known.get("/login/verify/?way")
        answer(alice, ask(alice))
        known.post("/login/verify/")
    writes = [one for one in said if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert (said.count("COMMIT"), len(writes)) == (3, 10)


def selected(tables: list[str]) -> list[str]:
    return [f"SELECT {table}" for table in tables]
