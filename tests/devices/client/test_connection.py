"""Connections that break, servers that cannot be reached, devices that were unlinked."""

import pytest

from devices import p256
from devices.client.waits import Waits
from devices.protocol import ErrorCode
from tests.devices.client.desktop import Desktop, ended, next_of, stopped
from tests.software_server import SoftwareServer
from tests.software_state import LOGIN


async def test_after_a_drop_it_connects_again_and_gets_the_open_request(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server, "--once")
    await server.drop(device)
    request = server.request(device)
    server.open[request["challenge"]] = request
    await next_of(server.connected)
    await desktop.screen.shows("Is it you?")
    assert f"No connection to {server.host}" in desktop.errors.getvalue()
    desktop.type("y")
    assert await ended(listening) == 0


async def test_with_sockets_blocked_requests_are_found_and_answered_by_asking(
    desktop: Desktop, server: SoftwareServer
) -> None:
    device = await desktop.linked_with(server)
    server.sockets_blocked = True
    listening = desktop.start("listen", "--once")
    await desktop.screen.shows(f"Connected to {server.host} as {LOGIN} (by asking")
    request = await server.ask(device)
    assert await next_of(server.seen) == request["challenge"]
    await desktop.screen.shows("Is it you?")
    desktop.type("y")
    assert await ended(listening) == 0
    assert (await next_of(server.answers))["decision"] == "approve"


async def test_with_sockets_blocked_a_question_that_is_over_is_withdrawn(
    desktop: Desktop, server: SoftwareServer
) -> None:
    device = await desktop.linked_with(server)
    server.sockets_blocked = True
    listening = desktop.start("listen", "--once")
    request = await server.ask(device)
    await desktop.screen.shows("Is it you?")
    await server.close(device, request, "cancelled")
    assert await ended(listening) == 3


async def test_with_sockets_blocked_nothing_unsigned_is_shown(
    desktop: Desktop, server: SoftwareServer
) -> None:
    device = await desktop.linked_with(server)
    server.sockets_blocked = True
    server.signs_requests_with = p256.generate()
    await server.ask(device, service="Forged")
    listening = desktop.start("listen")
    await desktop.errors.shows("bad_request_signature")
    assert "Forged" not in desktop.screen.getvalue()
    await stopped(listening)


async def test_a_lost_result_is_not_taken_for_a_yes(
    desktop: Desktop, server: SoftwareServer
) -> None:
    server.silent_about_answers = True
    listening, device = await desktop.listening(server, "--once", "--yes")
    await server.ask(device)
    assert await ended(listening) == 6
    assert "lost while your answer was on its way" in desktop.errors.getvalue()
    assert "POST answers" in server.calls


async def test_an_answer_waits_for_a_server_that_is_away_for_a_moment(
    desktop: Desktop, server: SoftwareServer
) -> None:
    device = await desktop.linked_with(server)
    server.sockets_blocked = True
    listening = desktop.start("listen", "--once", "--yes")
    server.refuse("POST answers", ErrorCode.SLOW_DOWN, headers={"Retry-After": "0"})
    await server.ask(device)
    assert await ended(listening) == 0
    assert server.calls.count("POST answers") == 2


async def test_once_gives_up_when_the_server_cannot_be_reached_at_all(desktop: Desktop) -> None:
    async with SoftwareServer().running() as server:
        await desktop.linked_with(server)
    assert await desktop.run("listen", "--once") == 6
    assert "cannot be reached" in desktop.errors.getvalue()


async def test_one_unreachable_server_does_not_disturb_the_other(
    desktop: Desktop, server: SoftwareServer
) -> None:
    async with SoftwareServer().running() as gone:
        await desktop.linked_with(gone)
    device = await desktop.linked_with(server)
    listening = desktop.start("listen")
    await desktop.screen.shows(f"Connected to {server.host}")
    await desktop.errors.shows(f"No connection to {gone.host}")
    await server.ask(device)
    await desktop.screen.shows("Is it you?")
    desktop.type("y")
    assert (await next_of(server.answers))["decision"] == "approve"
    await stopped(listening)


async def test_an_unlinked_device_is_forgotten_at_once(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    await server.revoke(device)
    assert await ended(listening) == 4
    assert desktop.store.read().accounts == []
    assert f"{LOGIN} on {server.host}: the server has unlinked" in desktop.errors.getvalue()


async def test_an_unlinked_device_is_forgotten_while_a_question_stands(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    await server.ask(device)
    await desktop.screen.shows("Is it you?")
    await server.revoke(device)
    assert await ended(listening) == 4
    assert desktop.store.read().accounts == []


@pytest.mark.parametrize("sockets_blocked", [False, True])
async def test_a_device_that_was_unlinked_meanwhile_is_forgotten_at_the_next_contact(
    desktop: Desktop, server: SoftwareServer, *, sockets_blocked: bool
) -> None:
    device = await desktop.linked_with(server)
    device.revoked = True
    server.sockets_blocked = sockets_blocked
    assert await desktop.run("listen") == 4
    assert desktop.store.read().accounts == []


async def test_one_unlinked_account_leaves_the_others_listening(
    desktop: Desktop, two_servers: tuple[SoftwareServer, SoftwareServer]
) -> None:
    one, two = two_servers
    first, second = await desktop.linked_with(one), await desktop.linked_with(two)
    listening = desktop.start("listen", "--yes")
    for server in two_servers:
        await next_of(server.connected)
    await one.revoke(first)
    await desktop.errors.shows("has unlinked")
    await two.ask(second)
    assert (await next_of(two.answers))["decision"] == "approve"
    assert [account.device for account in desktop.store.read().accounts] == [second.device]
    await stopped(listening)


async def test_the_servers_clock_is_learned_from_the_greeting(
    desktop: Desktop, server: SoftwareServer
) -> None:
    server.clock_ahead = 1000
    listening, device = await desktop.listening(server)
    await server.ask(device)
    await desktop.screen.shows("Time left  1")
    await stopped(listening)
    (account,) = desktop.store.read().accounts
    assert abs(account.clock_offset - 1000) <= 2


def test_waits_are_random_and_double_to_their_limit() -> None:
    waits = Waits(5, 60)
    limits = [5, 10, 20, 40, 60, 60]
    assert all(0 <= waits.next() <= limit for limit in limits)
    waits.reset()
    assert 0 <= waits.next() <= 5
    assert len({Waits().next() for _ in range(20)}) > 1
