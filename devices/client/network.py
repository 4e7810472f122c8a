"""What both ways to a server share: verified TLS, no redirects, small answers, known limits."""

import ssl
from typing import Final

import httpx

USER_AGENT: Final = "kauth-client/1"
CONNECT_SECONDS: Final = 10
CLOSE_SECONDS: Final = 2


def tls() -> ssl.SSLContext:
    """The certificates this computer trusts. There is no switch that turns the check off."""
    return ssl.create_default_context()


def http_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=tls(),
        follow_redirects=False,
        timeout=httpx.Timeout(CONNECT_SECONDS),
        headers={
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        },
    )


def socket_address(origin: str, path: str) -> str:
    """http:// becomes ws://, https:// becomes wss://."""
    return "ws" + origin.removeprefix("http") + path
