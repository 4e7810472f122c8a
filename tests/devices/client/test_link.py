"""Linking: nothing is believed that the server of the link has not signed; nothing is left over."""

import os

import pytest

from devices import p256, protocol
from devices.client.accounts import CLAIMING, Account
from devices.protocol import ErrorCode, b64
from tests.devices.client.desktop import Desktop, ended, next_of, stopped
from tests.software_server import SoftwareServer
from tests.software_state import BACKUP_CODES, LOGIN

SOMEBODY = p256.generate()


async def test_a_device_is_linked_when_the_computer_says_yes(
    desktop: Desktop, server: SoftwareServer
) -> None:
    linking = desktop.start("link", server.link, "--name", "Pixel 8")
    device = await next_of(server.connected)
    number = server.check_number
    await desktop.screen.shows(f"Check number {number[:3]} {number[3:]} ({number})")
    await server.confirm(device)
    assert await ended(linking) == 0
    assert f"Linking {LOGIN} on {server.host}\n" in desktop.screen.getvalue()
    assert f"Linked {LOGIN} on {server.host} as Pixel 8\n" in desktop.screen.getvalue()
    (account,) = desktop.store.read().accounts
    assert (account.device, account.state, account.provisioned) == (device.device, "active", True)
    assert account.server_key == b64(server.public)


async def test_backup_codes_are_shown_and_their_arrival_is_confirmed(
    desktop: Desktop, server: SoftwareServer
) -> None:
    device = await desktop.linked_with(server)
    assert all(code in desktop.screen.getvalue() for code in BACKUP_CODES)
    assert server.calls == ["POST links", "POST provision", "POST provisioned"]
    assert device.provisioned


async def test_a_link_without_backup_codes_shows_none(
    desktop: Desktop, server: SoftwareServer
) -> None:
    server.backup_codes = None
    await desktop.linked_with(server)
    assert "Backup codes" not in desktop.screen.getvalue()


async def test_no_on_the_computer_leaves_nothing_here(
    desktop: Desktop, server: SoftwareServer
) -> None:
    linking = desktop.start("link", server.link)
    await server.revoke(await next_of(server.connected))
    assert await ended(linking) == 8
    assert "The computer said no" in desktop.errors.getvalue()
    assert desktop.store.read().accounts == []


async def test_a_device_that_the_server_no_longer_knows_was_refused(
    desktop: Desktop, server: SoftwareServer
) -> None:
    linking = desktop.start("link", server.link)
    device = await next_of(server.connected)
    del server.devices[device.device]
    await server.drop(device)
    assert await ended(linking) == 8
    assert desktop.store.read().accounts == []


@pytest.mark.parametrize("answer", ["yes", "no"])
async def test_without_sockets_the_device_finds_out_by_asking(
    desktop: Desktop, server: SoftwareServer, answer: str
) -> None:
    server.sockets_blocked = True
    linking = desktop.start("link", server.link)
    device = await next_of(server.claimed)
    if answer == "yes":
        await server.confirm(device)
    else:
        await server.revoke(device)
    assert await ended(linking) == (0 if answer == "yes" else 8)
    assert "GET device" in server.calls


async def test_a_dropped_socket_does_not_end_the_linking(
    desktop: Desktop, server: SoftwareServer
) -> None:
    linking = desktop.start("link", server.link)
    await server.drop(await next_of(server.connected))
    await server.confirm(await next_of(server.connected))
    assert await ended(linking) == 0


async def test_no_wait_leaves_the_account_pending_and_listen_completes_it(
    desktop: Desktop, server: SoftwareServer
) -> None:
    assert await desktop.run("link", server.link, "--no-wait") == 0
    assert "POST provision" not in server.calls
    device = await next_of(server.claimed)
    listening = desktop.start("listen")
    await next_of(server.connected)
    await server.confirm(device)
    await desktop.screen.shows(BACKUP_CODES[-1])
    await stopped(listening)
    (account,) = desktop.store.read().accounts
    assert (account.state, bool(account.totp)) == ("active", True)


async def test_a_server_of_another_key_than_the_links_is_not_believed(
    desktop: Desktop, server: SoftwareServer
) -> None:
    server.greets_with = server.signs_claims_with = SOMEBODY
    assert await desktop.run("link", server.link) == 9
    assert "bad_server_key" in desktop.errors.getvalue()
    assert LOGIN not in desktop.screen.getvalue()
    assert desktop.store.read().accounts == []


async def test_a_claim_signed_by_somebody_else_is_not_believed(
    desktop: Desktop, server: SoftwareServer
) -> None:
    server.signs_claims_with = SOMEBODY
    assert await desktop.run("link", server.link) == 9
    assert "bad_server_signature" in desktop.errors.getvalue()
    assert LOGIN not in desktop.screen.getvalue()
    assert desktop.store.read().accounts == []


async def test_a_server_refuses_the_claim_of_another_servers_link(
    desktop: Desktop, server: SoftwareServer
) -> None:
    wrong = protocol.link_address(server.origin, server.token, os.urandom(32))
    assert await desktop.run("link", wrong) == 5
    assert desktop.store.read().accounts == []


@pytest.mark.parametrize("code", [ErrorCode.EXPIRED, ErrorCode.ALREADY_CLAIMED])
async def test_an_offer_that_has_ended_is_said_and_leaves_nothing(
    desktop: Desktop, server: SoftwareServer, code: ErrorCode
) -> None:
    server.refuse("POST links", code)
    assert await desktop.run("link", server.link) == 5
    assert f"A sentence of the server. ({code})" in desktop.errors.getvalue()
    assert desktop.store.read().accounts == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://auth.example.org/app/link#v=1&t=AA&s=AA", "https://"),
        ("https://auth.example.org/app/link", "Copy the whole link"),
        ("hello", "/app/link"),
    ],
)
async def test_a_bad_link_is_refused_in_words_before_anything_is_stored(
    desktop: Desktop, url: str, words: str
) -> None:
    assert await desktop.run("link", url) == 2
    assert words in desktop.errors.getvalue()
    assert not desktop.path.exists()


async def test_an_unreachable_server_is_said_and_leaves_nothing(desktop: Desktop) -> None:
    link = protocol.link_address("http://127.0.0.1:9", os.urandom(32), os.urandom(32))
    assert await desktop.run("link", link) == 6
    assert "cannot be reached" in desktop.errors.getvalue()
    assert desktop.store.read().accounts == []


async def test_nothing_is_claimed_when_the_key_cannot_be_stored(
    desktop: Desktop, server: SoftwareServer
) -> None:
    desktop.path.parent.parent.joinpath("kauth").write_text("a file where a folder should be")
    assert await desktop.run("link", server.link) == 7
    assert server.calls == []


async def test_a_key_is_stored_before_the_claim(desktop: Desktop, server: SoftwareServer) -> None:
    server.refuse("POST links", ErrorCode.SLOW_DOWN, headers={"Retry-After": "9000"})
    assert await desktop.run("link", server.link) == 5
    assert desktop.store.read().header != {}
    assert "9000 s" in desktop.errors.getvalue()


async def test_the_claim_of_a_stopped_program_is_cleared_away_by_the_next(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    left = Account(
        entry="a", origin=server.origin, server_id=b64(server.server_id), name="x", created=0
    )
    desktop.store.put(left)
    assert await desktop.run("accounts") == 0
    assert left.name not in desktop.screen.getvalue().split()
    await desktop.linked_with(server)
    assert CLAIMING not in {account.state for account in desktop.store.read().accounts}


async def test_codes_fetched_elsewhere_do_not_stop_the_linking(
    desktop: Desktop, server: SoftwareServer
) -> None:
    server.refuse("POST provision", ErrorCode.ALREADY_PROVISIONED)
    await desktop.linked_with(server)
    assert "fetched before" in desktop.errors.getvalue()
