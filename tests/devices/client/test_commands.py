"""accounts, code and unlink, and how one of several accounts is named."""

import json
import time

import pytest

from devices.client import totp
from devices.protocol import ErrorCode, b64
from tests.devices.client.desktop import Desktop, next_of
from tests.software_server import SoftwareServer
from tests.software_state import LOGIN, LinkedDevice, Message

Two = tuple[SoftwareServer, SoftwareServer]


async def test_accounts_are_listed(desktop: Desktop, server: SoftwareServer) -> None:
    assert await desktop.run("accounts") == 0
    assert desktop.screen.getvalue() == "No account is linked here.\n"
    device = await desktop.linked_with(server, "--name", "Pixel 8")
    assert await desktop.run("accounts") == 0
    assert f"{LOGIN}  {server.host}  active  Pixel 8  {device.device}\n" in (
        desktop.screen.getvalue()
    )


async def test_accounts_for_programs_hold_no_secret(
    desktop: Desktop, server: SoftwareServer
) -> None:
    device = await desktop.linked_with(server, "--name", "Pixel 8")
    start = len(desktop.screen.getvalue())
    assert await desktop.run("accounts", "--json") == 0
    assert json.loads(desktop.screen.getvalue()[start:]) == [
        {
            "login": LOGIN,
            "host": server.host,
            "origin": server.origin,
            "state": "active",
            "name": "Pixel 8",
            "device": device.device,
            "account": device.account,
            "server_id": b64(server.server_id),
            "has_codes": True,
        }
    ]


def codes_around_now(device: LinkedDevice) -> set[str]:
    now = int(time.time())
    return {totp.code(device.totp_secret, moment) for moment in (now - 30, now)}


async def test_k7_a_code_needs_no_network(desktop: Desktop) -> None:
    async with SoftwareServer().running() as server:
        device = await desktop.linked_with(server)
    start = len(desktop.screen.getvalue())
    assert await desktop.run("code", LOGIN) == 0
    code, left, *_ = desktop.screen.getvalue()[start:].splitlines()
    assert code in codes_around_now(device)
    assert left.endswith(" seconds left")


async def test_a_code_follows_the_clock_that_the_server_has_shown(
    desktop: Desktop, server: SoftwareServer
) -> None:
    device = await desktop.linked_with(server)
    (account,) = desktop.store.read().accounts
    desktop.store.update(account, clock_offset=-3600)
    start = len(desktop.screen.getvalue())
    assert await desktop.run("code") == 0
    moment = int(time.time()) - 3600
    expected = {totp.code(device.totp_secret, t) for t in (moment - 30, moment)}
    assert desktop.screen.getvalue()[start:].splitlines()[0] in expected


async def test_a_code_before_the_secret_has_come_is_explained(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.run("link", server.link, "--no-wait")
    assert await desktop.run("code") == 7
    assert "Run listen while online" in desktop.errors.getvalue()


async def test_unlink_tells_the_server_and_forgets(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    assert await desktop.run("unlink", LOGIN) == 0
    assert server.devices == {}
    assert desktop.store.read().accounts == []
    assert f"Unlinked {LOGIN} on {server.host}\n" in desktop.screen.getvalue()


async def test_the_last_factor_stays_and_the_way_out_is_said(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    server.refuse("DELETE device", ErrorCode.LAST_FACTOR)
    assert await desktop.run("unlink") == 5
    assert f"{server.origin}/2fa/ first. (last_factor)" in desktop.errors.getvalue()
    assert desktop.logins() == [LOGIN]


async def test_unlink_local_asks_no_server(desktop: Desktop) -> None:
    async with SoftwareServer().running() as server:
        await desktop.linked_with(server)
    assert await desktop.run("unlink", "--local") == 0
    assert desktop.store.read().accounts == []
    assert f"remove the device on {server.origin}/2fa/" in desktop.screen.getvalue()


async def test_unlink_of_an_unlinked_device_forgets_it(
    desktop: Desktop, server: SoftwareServer
) -> None:
    (await desktop.linked_with(server)).revoked = True
    assert await desktop.run("unlink") == 4
    assert desktop.store.read().accounts == []


async def test_unlink_at_a_server_that_does_not_know_the_device_names_the_way_out(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    server.devices.clear()
    assert await desktop.run("unlink") == 5
    assert "--local" in desktop.errors.getvalue()
    assert desktop.logins() == [LOGIN]


async def test_unlink_without_the_server_keeps_the_account(desktop: Desktop) -> None:
    async with SoftwareServer().running() as server:
        await desktop.linked_with(server)
    assert await desktop.run("unlink") == 6
    assert desktop.logins() == [LOGIN]


async def test_one_of_several_accounts_has_to_be_named(desktop: Desktop, two_servers: Two) -> None:
    devices = [await desktop.linked_with(server) for server in two_servers]
    for wanted in ([], [LOGIN], [LOGIN.upper()]):
        assert await desktop.run("code", *wanted) == 2
    for server, device in zip(two_servers, devices, strict=True):
        assert f"{LOGIN}@{server.host} (device {device.device[:13]})" in desktop.errors.getvalue()


@pytest.mark.parametrize("form", ["login@host", "LOGIN@HOST", "device", "beginning"])
async def test_an_account_is_named_in_several_ways(
    desktop: Desktop, two_servers: Two, form: str
) -> None:
    devices = [await desktop.linked_with(server) for server in two_servers]
    wanted = {
        "login@host": f"{LOGIN}@{two_servers[1].host}",
        "LOGIN@HOST": f"{LOGIN}@{two_servers[1].host}".upper(),
        "device": devices[1].device,
        "beginning": devices[1].device[:20],
    }[form]
    start = len(desktop.screen.getvalue())
    assert await desktop.run("code", wanted) == 0
    assert desktop.screen.getvalue()[start:].splitlines()[0] in codes_around_now(devices[1])


async def test_an_unknown_account_is_answered_with_the_known_ones(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    assert await desktop.run("code", "bob@example.org") == 2
    assert "No linked account is called bob@example.org" in desktop.errors.getvalue()
    assert f"{LOGIN}@{server.host}" in desktop.errors.getvalue()


async def test_away_is_told_begun_and_ended(desktop: Desktop, server: SoftwareServer) -> None:
    await desktop.linked_with(server)
    for options, until_hours, words in (
        ([], None, "is not away"),
        (["--hours", "8"], 8, "is away until"),
        (["--back"], None, "is not away"),
    ):
        start = len(desktop.screen.getvalue())
        assert await desktop.run("away", *options) == 0
        assert words in desktop.screen.getvalue()[start:]
        hours = server.away and round((server.away - server.time()) / 3600)
        assert hours == until_hours


@pytest.mark.parametrize("hours", ["0", "721", "-1", "x", "\u0661"])
async def test_away_for_no_time_is_refused_here(desktop: Desktop, hours: str) -> None:
    with pytest.raises(SystemExit) as ending:
        await desktop.run("away", "--hours", hours)
    assert ending.value.code == 2


async def test_a_time_that_cannot_be_is_not_told(desktop: Desktop, server: SoftwareServer) -> None:
    await desktop.linked_with(server)
    server.away = 2**60
    assert await desktop.run("away") == 0
    assert "is not away" in desktop.screen.getvalue()


def recovered(name: str) -> Message:
    text = f"“{name}” was linked after a recovery of your account."
    return {"t": "notice", "notice": name * 43, "kind": "device_recovered", "text": text}


@pytest.fixture
async def server_with_news(desktop: Desktop, server: SoftwareServer) -> SoftwareServer:
    await desktop.linked_with(server)
    other = {"t": "notice", "notice": "Z" * 43, "kind": "device_linked", "text": "Linked."}
    server.notices = [recovered("A"), other, recovered("B")]
    return server


async def test_veto_removes_what_was_not_the_person(
    desktop: Desktop, server_with_news: SoftwareServer
) -> None:
    for word in ("what?", "y", "n"):
        desktop.type(word)
    assert await desktop.run("veto") == 0
    assert server_with_news.vetoed == ["B" * 43]
    assert await next_of(server_with_news.seen) == "A" * 43
    assert "It is removed, and what it opened is signed out" in desktop.screen.getvalue()


async def test_veto_removes_all_when_told_to(
    desktop: Desktop, server_with_news: SoftwareServer
) -> None:
    server_with_news.refuse("POST veto", ErrorCode.EXPIRED)
    assert await desktop.run("veto", LOGIN, "--remove") == 0
    assert server_with_news.vetoed == ["B" * 43]
    assert "not new any more" in desktop.screen.getvalue()


async def test_veto_without_an_answer_leaves_it_to_be_asked_again(
    desktop: Desktop, server_with_news: SoftwareServer
) -> None:
    desktop.end_input()
    assert await desktop.run("veto") == 0
    assert server_with_news.vetoed == []
    assert server_with_news.seen.empty()


async def test_veto_says_when_there_is_nothing(desktop: Desktop, server: SoftwareServer) -> None:
    await desktop.linked_with(server)
    assert await desktop.run("veto") == 0
    assert "Nothing new was added" in desktop.screen.getvalue()
