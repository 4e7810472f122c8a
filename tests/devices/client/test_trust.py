"""What is not proved is neither shown nor believed (D-11, D-12, D-30, D-77)."""

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from devices import messages, p256
from devices.protocol import b64
from tests.devices.client.desktop import Desktop, ended, next_of, stopped
from tests.software_server import SoftwareServer
from tests.software_state import CONTEXT, LOGIN, LinkedDevice

SOMEBODY = p256.generate()
Spoil = Callable[[dict[str, Any]], None]


async def sent_raw(device: LinkedDevice, message: dict[str, Any]) -> None:
    assert device.connection is not None
    await device.connection.send(messages.encode(message))


async def shown_after(desktop: Desktop, server: SoftwareServer, device: LinkedDevice) -> str:
    """What stands on the screen when a later, good request has been shown."""
    await server.ask(device, service="The good one")
    await desktop.screen.shows("The good one")
    return desktop.screen.getvalue()


async def test_d30_a_forged_request_is_not_shown(desktop: Desktop, server: SoftwareServer) -> None:
    listening, device = await desktop.listening(server)
    server.signs_requests_with = SOMEBODY
    await sent_raw(device, server.request(device, service="Forged"))
    await desktop.errors.shows("bad_request_signature")
    server.signs_requests_with = None
    assert "Forged" not in await shown_after(desktop, server, device)
    await stopped(listening)


def change_context(member: str, value: object) -> Spoil:
    def spoil(request: dict[str, Any]) -> None:
        request["context"] = json.dumps(CONTEXT | {member: value})

    return spoil


def change(member: str, value: object) -> Spoil:
    def spoil(request: dict[str, Any]) -> None:
        request[member] = value

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        change_context("browser", "Spoiled"),
        change_context("new_browser", False),
        change("context", json.dumps(CONTEXT) + " "),
        change("purpose", "action"),
        change("match", "number"),
        change("challenge", "A" * 43),
        change("sig", b64(bytes(63) + b"\1")),
    ],
)
async def test_d11_d13_a_changed_request_is_not_shown(
    desktop: Desktop, server: SoftwareServer, spoil: Spoil
) -> None:
    listening, device = await desktop.listening(server)
    request = server.request(device)
    spoil(request)
    await sent_raw(device, request)
    await desktop.errors.shows("bad_request_signature")
    shown = await shown_after(desktop, server, device)
    assert shown.count("Sign-in request") == 1
    await stopped(listening)


async def test_a_request_for_another_device_is_not_shown(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    other = LinkedDevice(device.account, device.device, b"", "", "active")
    await sent_raw(device, server.request(other))
    await desktop.errors.shows("bad_request_signature")
    await stopped(listening)


@pytest.mark.parametrize(
    ("created", "expires"), [(-300, -180), (-120, 0), (3600, 3720), (0, 3600), (0, -5), (60, 60)]
)
async def test_a_request_whose_time_does_not_fit_is_not_shown(
    desktop: Desktop, server: SoftwareServer, created: int, expires: int
) -> None:
    listening, device = await desktop.listening(server)
    now = server.time()
    await sent_raw(
        device, server.request(device, created=now + created, expires=now + expires, service="Old")
    )
    await desktop.errors.shows("bad_request_time")
    assert "Old" not in await shown_after(desktop, server, device)
    await stopped(listening)


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "transfer"},
        {"match": "gesture"},
        {"challenge": "short"},
        {"context": "[]"},
        {"context": "{"},
        {"context": "{}"},
        {"context": json.dumps(CONTEXT | {"place": 7})},
        {"context": json.dumps({**CONTEXT, "new_browser": "no"})},
    ],
)
async def test_a_signed_request_that_cannot_be_put_into_words_is_not_shown(
    desktop: Desktop, server: SoftwareServer, changes: dict[str, Any]
) -> None:
    listening, device = await desktop.listening(server)
    await sent_raw(device, server.request(device, **changes))
    await desktop.errors.shows("bad_request: ")
    assert "Sign-in request" not in desktop.screen.getvalue()
    await stopped(listening)


@pytest.mark.parametrize(
    "message",
    [
        {"t": "request"},
        {"t": "closed"},
        {"t": "result", "challenge": 7},
        {"t": "request", "challenge": "\ud800", "context": "\ud800"},
        {"t": 7},
        {},
    ],
)
async def test_a_message_that_is_none_disturbs_nothing(
    desktop: Desktop, server: SoftwareServer, message: dict[str, Any]
) -> None:
    listening, device = await desktop.listening(server)
    await sent_raw(device, message)
    await shown_after(desktop, server, device)
    await stopped(listening)


async def test_d77_a_greeting_that_the_server_did_not_sign_ends_the_listening(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    server.signs_greetings_with = SOMEBODY
    server.open["x"] = {"t": "request"}
    assert await desktop.run("listen") == 9
    assert "bad_server_signature" in desktop.errors.getvalue()
    assert "Connected" not in desktop.screen.getvalue()
    assert desktop.logins() == [LOGIN]


async def test_d77_a_server_of_another_key_gets_no_proof_of_the_device(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    server.greets_with = server.signs_greetings_with = SOMEBODY
    assert await desktop.run("listen") == 9
    assert "bad_server_key" in desktop.errors.getvalue()
    assert server.connected.empty()
    assert desktop.logins() == [LOGIN]


UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
INJECTED = "\x1b[2J\x1b]0;title\x07\x9b31m\u202eevil\u2066\r\nIs it you? y\x08\x00\x7f\u2028"


async def test_d12_d99_nothing_of_the_server_can_command_the_terminal(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    members = ("service", "login", "browser", "ip", "place")
    await server.ask(device, **dict.fromkeys(members, INJECTED))
    await desktop.screen.shows("Is it you? y = yes")
    shown = desktop.screen.getvalue()
    assert {unicodedata.category(char) for char in shown if char != "\n"} & UNSAFE == set()
    assert "evilIs it you? y" in shown  # on the line of its own value, not as a prompt
    assert "\nIs it you? y\n" not in shown
    await stopped(listening)


async def test_d99_a_long_value_does_not_push_the_host_away(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    await server.ask(device, login="a" * 3000)
    await desktop.screen.shows("Is it you?")
    (title,) = [
        line for line in desktop.screen.getvalue().splitlines() if line.startswith("Sign-in")
    ]
    assert title.endswith(f"… on {server.host}")
    await stopped(listening)


async def test_a_message_over_8_kib_ends_the_socket_and_not_the_program(
    desktop: Desktop, server: SoftwareServer
) -> None:
    listening, device = await desktop.listening(server)
    await sent_raw(device, {"t": "request", "context": "a" * 9000})
    device = await next_of(server.connected)
    await server.ask(device)
    desktop.type("y")
    assert (await next_of(server.answers))["decision"] == "approve"
    await stopped(listening)


async def test_a_device_that_the_server_does_not_know_stays_in_the_store(
    desktop: Desktop, server: SoftwareServer
) -> None:
    await desktop.linked_with(server)
    server.devices.clear()
    assert await ended(desktop.start("listen")) == 5
    assert "does not know this device" in desktop.errors.getvalue()
    assert desktop.logins() == [LOGIN]
