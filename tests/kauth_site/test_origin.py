"""D-74: which pages may open a socket, by the whole origin."""

from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from pytest_django import Settings

from kauth_site.origin import from_devices, from_our_pages
from kauth_site.sockets import sockets

OURS = settings.KAUTH_ORIGIN.encode()
FOREIGN = [
    b"https://evil.example",
    b"http://sub.localhost:8000",
    b"https://localhost:8000",
    b"http://localhost",
    b"http://localhost:8443",
    b"http://127.0.0.1:8000",
    b"http://localhost:8000.evil.example",
    b"http://localhost:8000/",
    b"HTTP://LOCALHOST:8000",
    b"null",
    b"",
    b"\xff",
]


async def accepts_all(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})


async def is_opened(app: Any, *origins: bytes, name: bytes = b"origin") -> bool:
    wire: Any = WebsocketCommunicator(app, "/ws/", headers=[(name, origin) for origin in origins])
    opened, _ = await wire.connect()
    await wire.disconnect()
    return bool(opened)


@pytest.mark.parametrize("guard", [from_our_pages, from_devices])
async def test_d74_our_own_page_opens_it(guard: Any) -> None:
    assert await is_opened(guard(accepts_all), OURS)
    assert await is_opened(guard(accepts_all), OURS, name=b"Origin")


@pytest.mark.parametrize("guard", [from_our_pages, from_devices])
@pytest.mark.parametrize("origin", FOREIGN)
async def test_d74_another_page_does_not(guard: Any, origin: bytes) -> None:
    assert not await is_opened(guard(accepts_all), origin)


@pytest.mark.parametrize("guard", [from_our_pages, from_devices])
@pytest.mark.parametrize("pair", [(OURS, OURS), (OURS, FOREIGN[0]), (FOREIGN[0], OURS)])
async def test_d74_two_origins_are_none(guard: Any, pair: tuple[bytes, bytes]) -> None:
    assert not await is_opened(guard(accepts_all), *pair)


async def test_d74_only_a_device_may_have_no_origin() -> None:
    assert await is_opened(from_devices(accepts_all))
    assert not await is_opened(from_our_pages(accepts_all))


@pytest.mark.parametrize("path", ["/ws/login/", "/ws/link/", "/ws/device/"])
async def test_d74_every_socket_of_the_site_is_guarded(path: str) -> None:
    wire: Any = WebsocketCommunicator(sockets, path, headers=[(b"origin", FOREIGN[0])])
    opened, code = await wire.connect()
    assert (opened, code) == (False, 1008)


@pytest.mark.parametrize(
    ("proxies", "schemes", "opens"),
    [
        (1, [b"https"], True),
        (1, [b"https, http"], True),
        (1, [b"http"], False),
        (1, [], False),
        (1, [b"https", b"http"], False),
        (0, [b"https"], False),
    ],
)
async def test_d75_a_site_of_https_has_no_socket_in_the_clear(
    settings: Settings, proxies: int, schemes: list[bytes], opens: bool
) -> None:
    settings.SECURE, settings.KAUTH_TRUSTED_PROXIES = True, proxies
    headers = [(b"origin", OURS), *((b"x-forwarded-proto", scheme) for scheme in schemes)]
    wire: Any = WebsocketCommunicator(from_devices(accepts_all), "/ws/device/", headers=headers)
    opened, _ = await wire.connect()
    await wire.disconnect()
    assert opened is opens


@pytest.mark.parametrize("path", ["/", "/ws/", "/ws/device", "/ws/device/more", "/ws/%00/"])
async def test_a_socket_of_an_unknown_address_is_refused_in_good_order(path: str) -> None:
    """Without a traceback, which a stranger could fill the log with."""
    wire: Any = WebsocketCommunicator(sockets, path, headers=[(b"origin", OURS)])
    assert await wire.connect() == (False, 1008)
