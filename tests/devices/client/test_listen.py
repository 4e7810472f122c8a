"""Listening: a question is put, answered once, and withdrawn when it is over."""

import asyncio

import pytest

from devices.protocol import ErrorCode
from tests.devices.client.desktop import Desktop, ended, next_of, stopped
from tests.software_server import SoftwareServer
from tests.software_state import LOGIN

ASKED = "Is it you?"
ASKED_AFTER_NO = "Did you stop it yourself?"


async def test_the_question_shows_what_was_signed(desktop: Desktop, server: SoftwareServer) -> None:
    listening, device = await desktop.listening(server)
    request = await server.ask(device, place="Geneva")
    await desktop.screen.shows(ASKED)
    for text in (
        f"Connected to {server.host} as {LOGIN}\n",
        f"Sign-in request for {LOGIN} on {server.host}\n",
        "Service    Account manager\n",
        "Purpose    Sign in\n",
        "Browser    Firefox on Linux\n",
        "Network    203.0.113.7\n",
        "Place      Geneva\n",
        "Time left  1",
        "NEW BROWSER",
    ):
        assert text in desktop.screen.getvalue()
    assert await next_of(server.seen) == request["challenge"]
    await stopped(listening)


async def test_a_known_browser_without_a_place_is_shown_as_such(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    await server.ask(device, new_browser=False)
    await desktop.screen.shows(ASKED)
    assert "NEW BROWSER" not in desktop.screen.getvalue()
    assert "Place      unknown\n" in desktop.screen.getvalue()
    await stopped(listening)


@pytest.mark.parametrize(
    ("typed", "decision", "words", "code"),
    [
        (["y"], "approve", "Approved.", 0),
        (["YES "], "approve", "Approved.", 0),
        (["n", "s"], "deny", "Denied.", 1),
        (["n", "r"], "report", "Reported.", 1),
        (["r"], "report", "Reported.", 1),
        (["not me"], "report", "Reported.", 1),
        (["what?", "", "y"], "approve", "Approved.", 0),
    ],
)
async def test_what_a_person_types_is_what_the_server_hears(
    desktop: Desktop, server: SoftwareServer, typed: list[str], decision: str, words: str, code: int
) -> None:
    listening, device = await desktop.listening(server, "--once")
    await server.ask(device)
    for line in typed:
        desktop.type(line)
    assert await ended(listening) == code
    answer = await next_of(server.answers)
    assert (answer["decision"], answer["number"]) == (decision, "")
    assert words in desktop.screen.getvalue()
    assert (ASKED_AFTER_NO in desktop.screen.getvalue()) == (typed[0] == "n")


@pytest.mark.parametrize(
    ("option", "decision", "code"),
    [("--yes", "approve", 0), ("--no", "deny", 1), ("--report", "report", 1)],
)
async def test_a_script_answers_by_options(
    desktop: Desktop, server: SoftwareServer, option: str, decision: str, code: int
) -> None:
    listening, device = await desktop.listening(server, option, "--once")
    await server.ask(device)
    assert await ended(listening) == code
    assert (await next_of(server.answers))["decision"] == decision
    assert ASKED not in desktop.screen.getvalue()


async def test_without_once_it_goes_on_listening(desktop: Desktop, server: SoftwareServer) -> None:
    listening, device = await desktop.listening(server, "--yes")
    for _ in range(2):
        await server.ask(device)
        await next_of(server.answers)
    await desktop.screen.shows("Approved.", times=2)
    assert not listening.done()
    await stopped(listening)


async def test_d01_the_number_is_typed_here(desktop: Desktop, server: SoftwareServer) -> None:
    listening, device = await desktop.listening(server, "--once")
    await server.ask(device, match="number")
    for line in ("y", "470", "４７", "y", "47"):
        desktop.type(line)
    assert await ended(listening) == 0
    answer = await next_of(server.answers)
    assert (answer["decision"], answer["number"]) == ("approve", "47")
    assert desktop.screen.getvalue().count("That is not a number of 2 digits.") == 3


async def test_enter_at_the_number_leads_back_to_the_question(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server, "--once")
    await server.ask(device, match="number")
    for line in ("y", "", "n", "s"):
        desktop.type(line)
    assert await ended(listening) == 1


async def test_a_no_carries_no_number(desktop: Desktop, server: SoftwareServer) -> None:
    listening, device = await desktop.listening(server, "--once", "--no", "--number", "47")
    await server.ask(device, match="number")
    assert await ended(listening) == 1
    assert (await next_of(server.answers))["number"] == ""


async def test_a_script_gives_the_number(desktop: Desktop, server: SoftwareServer) -> None:
    listening, device = await desktop.listening(server, "--once", "--yes", "--number", "07")
    await server.ask(device, match="number")
    assert await ended(listening) == 0
    assert (await next_of(server.answers))["number"] == "07"


async def test_a_number_that_nobody_asked_for_is_not_sent(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server, "--once", "--yes", "--number", "07")
    await server.ask(device)
    assert await ended(listening) == 0
    assert (await next_of(server.answers))["number"] == ""


@pytest.mark.parametrize(
    ("options", "words"), [([], "give it with --number"), (["--number", "123"], "2 digits")]
)
async def test_a_script_without_the_right_number_leaves_the_request_unanswered(
    desktop: Desktop, server: SoftwareServer, options: list[str], words: str
) -> None:
    listening, device = await desktop.listening(server, "--once", "--yes", *options)
    await server.ask(device, match="number")
    assert await ended(listening) == 2
    assert words in desktop.errors.getvalue()
    assert server.answers.empty()


async def test_d03_a_wrong_number_ends_the_request(
    desktop: Desktop, server: SoftwareServer
) -> None:
    server.judge = lambda _: {"ok": True, "state": "failed"}
    listening, device = await desktop.listening(server, "--once", "--yes", "--number", "11")
    await server.ask(device, match="number")
    assert await ended(listening) == 5
    assert "the number is wrong" in desktop.screen.getvalue()


async def test_a_refusal_of_the_server_is_said(desktop: Desktop, server: SoftwareServer) -> None:
    server.judge = lambda _: {"ok": False, "error": "unauthenticated"}
    listening, device = await desktop.listening(server, "--once", "--yes")
    await server.ask(device)
    assert await ended(listening) == 5
    assert "refused the answer: unauthenticated" in desktop.errors.getvalue()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("approved", "it was approved elsewhere"),
        ("expired", "it has expired"),
        ("superseded", "a newer request took its place"),
        ("cancelled", "it was cancelled on the login page"),
        ("something new", "it is over"),
    ],
)
async def test_a_question_that_is_over_elsewhere_is_withdrawn(
    desktop: Desktop, server: SoftwareServer, state: str, words: str
) -> None:
    listening, device = await desktop.listening(server, "--once")
    request = await server.ask(device)
    await desktop.screen.shows(ASKED)
    await server.close(device, request, state)
    assert await ended(listening) == 3
    assert f"Request closed ({state}): {words}." in desktop.screen.getvalue()
    assert server.answers.empty()


async def test_after_a_withdrawn_question_the_next_one_is_put_and_answered(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    first = await server.ask(device)
    await desktop.screen.shows(ASKED)
    await server.close(device, first, "superseded")
    await desktop.screen.shows("Request closed (superseded)")
    second = await server.ask(device)
    await desktop.screen.shows(ASKED, times=2)
    desktop.type("y")
    assert (await next_of(server.answers))["challenge"] == second["challenge"]
    await stopped(listening)


async def test_a_request_that_nobody_answers_expires_here_too(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server, "--once")
    await server.ask(device, expires=server.time() + 3)
    assert await ended(listening) == 3
    assert "Request closed (expired)" in desktop.screen.getvalue()


async def test_an_answer_that_comes_too_late_is_said(
    desktop: Desktop, server: SoftwareServer
) -> None:
    server.judge = lambda _: {"ok": False, "error": "not_pending"}
    listening, device = await desktop.listening(server, "--once", "--yes")
    await server.ask(device)
    assert await ended(listening) == 3
    assert "Request closed (over)" in desktop.screen.getvalue()


async def test_the_same_request_again_is_asked_once(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    request = await server.ask(device)
    await desktop.screen.shows(ASKED)
    await server.drop(device)
    await next_of(server.connected)
    await desktop.screen.shows("Connected", times=2)
    desktop.type("y")
    assert (await next_of(server.answers))["challenge"] == request["challenge"]
    await desktop.screen.shows("Approved.")
    assert desktop.screen.getvalue().count("Sign-in request") == 1
    await stopped(listening)


async def test_a_second_request_waits_for_its_turn(
    desktop: Desktop, two_servers: tuple[SoftwareServer, SoftwareServer]
) -> None:
    one, two = two_servers
    first, second = await desktop.linked_with(one), await desktop.linked_with(two)
    listening = desktop.start("listen")
    for server in two_servers:
        await next_of(server.connected)
    await one.ask(first)
    await desktop.screen.shows(f"Sign-in request for {LOGIN} on {one.host}")
    await two.ask(second)
    await desktop.screen.shows(f"Another request waits: {LOGIN} on {two.host}")
    desktop.type("y")
    assert (await next_of(one.answers))["decision"] == "approve"
    await desktop.screen.shows(f"Sign-in request for {LOGIN} on {two.host}")
    desktop.type("r")
    assert (await next_of(two.answers))["decision"] == "report"
    await stopped(listening)


async def test_a_request_that_closes_while_it_waits_is_never_asked(
    desktop: Desktop, two_servers: tuple[SoftwareServer, SoftwareServer]
) -> None:
    one, two = two_servers
    first, second = await desktop.linked_with(one), await desktop.linked_with(two)
    listening = desktop.start("listen")
    for server in two_servers:
        await next_of(server.connected)
    await one.ask(first)
    await desktop.screen.shows(ASKED)
    await two.close(second, await two.ask(second), "cancelled")
    await desktop.screen.shows("Another request waits")
    desktop.type("y")
    await desktop.screen.shows("Request closed (cancelled)")
    assert desktop.screen.getvalue().count(ASKED) == 1
    await stopped(listening)


async def test_one_named_account_listens_alone(
    desktop: Desktop, two_servers: tuple[SoftwareServer, SoftwareServer]
) -> None:
    one, two = two_servers
    await desktop.linked_with(one)
    await desktop.linked_with(two)
    listening = desktop.start("listen", f"{LOGIN}@{two.host}")
    await next_of(two.connected)
    assert one.connected.empty()
    await stopped(listening)


async def test_without_an_account_there_is_nothing_to_listen_to(desktop: Desktop) -> None:
    assert await desktop.run("listen") == 2
    assert "No account is linked here" in desktop.errors.getvalue()


async def test_at_the_end_of_the_input_a_request_is_left_unanswered(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server, "--once")
    desktop.end_input()
    request = await server.ask(device)
    await desktop.errors.shows("Nobody can answer here")
    await server.close(device, request, "expired")
    assert await ended(listening) == 3
    assert server.answers.empty()


async def test_a_no_counts_even_when_nobody_says_who_stopped_it(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server, "--once")
    await server.ask(device)
    desktop.type("n")
    desktop.end_input()
    assert await ended(listening) == 1
    assert (await next_of(server.answers))["decision"] == "deny"


async def test_stopping_closes_the_sockets(desktop: Desktop, server: SoftwareServer) -> None:
    listening, device = await desktop.listening(server)
    await stopped(listening)
    assert device.connection is not None
    async with asyncio.timeout(10):
        await device.connection.wait_closed()
    assert ErrorCode.REVOKED not in desktop.errors.getvalue()


async def test_news_of_the_account_is_shown_once_and_seen(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    notice = {"t": "notice", "notice": "N" * 43, "kind": "x", "text": "A code\x1b[2J was used."}
    for _ in range(2):
        await server._tell(device, notice)
    assert await next_of(server.seen) == notice["notice"]
    await server.ask(device)
    await desktop.screen.shows(ASKED)
    shown = desktop.screen.getvalue()
    assert shown.count(f"{server.host}, {LOGIN}: A code") == 1
    assert "\x1b" not in shown
    await stopped(listening)


async def test_news_that_can_be_vetoed_waits_for_a_yes_or_a_no(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    notice = {"t": "notice", "notice": "N" * 43, "kind": "device_recovered", "text": "New."}
    await server._tell(device, notice)
    await desktop.screen.shows("python -m devices.client veto")
    request = await server.ask(device)
    assert await next_of(server.seen) == request["challenge"], "and not the notice"
    await stopped(listening)


async def test_news_is_found_by_asking_too(desktop: Desktop, server: SoftwareServer) -> None:
    server.sockets_blocked = True
    server.notices = [{"t": "notice", "notice": "N" * 43, "text": "A code was used."}]
    await desktop.linked_with(server)
    listening = desktop.start("listen")
    await desktop.screen.shows("A code was used.")
    await stopped(listening)
