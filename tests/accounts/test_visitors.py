"""Addresses from counted hops only (D-62), and browsers in a fixed vocabulary (D-12)."""

import itertools
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts import visitors
from accounts.visitors import BROWSERS, SYSTEMS, UNKNOWN_BROWSER, Visitor, browser_name

PEER = "203.0.113.9"

VOCABULARY = {UNKNOWN_BROWSER} | {
    name if system is None else f"{name} on {system}"
    for (name, _), system in itertools.product(BROWSERS, [None, *(system for system, _ in SYSTEMS)])
}


# --- Addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", PEER),
        (0, "192.0.2.1", PEER),  # nobody is trusted: the header is the caller's word
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "1.1.1.1, 192.0.2.1", "192.0.2.1"),  # the left one was there before the proxy
        (1, "1.1.1.1,2.2.2.2,192.0.2.1", "192.0.2.1"),
        (2, "1.1.1.1, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "10.0.0.1", PEER),  # came around the outer proxy
        (1, "", PEER),
        (1, "unknown", PEER),
        (1, "192.0.2.1:4711", PEER),
        (1, "192.0.2.1, not an address", PEER),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:192.0.2.1", "192.0.2.1"),  # one person, one bucket
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "0300.0.2.1", PEER),
        (1, "١٩٢.0.2.1", PEER),
    ],
)
def test_d62_the_address_is_what_the_outermost_trusted_proxy_saw(
    settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.KAUTH_TRUSTED_PROXIES = proxies
    assert visitors.client_address(PEER, forwarded) == address


@given(forwarded=st.text(max_size=80))
def test_d62_without_trusted_proxies_no_header_changes_the_address(forwarded: str) -> None:
    assert visitors.client_address(PEER, forwarded) == PEER


@pytest.mark.parametrize("header", ["Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"])
def test_d62_no_other_header_is_asked(settings: Settings, header: str) -> None:
    settings.KAUTH_TRUSTED_PROXIES = 1
    request = RequestFactory(headers={header: "192.0.2.1"}, REMOTE_ADDR=PEER).get("/")
    assert visitors.of(request).address == PEER


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"client": [PEER, 4711], "headers": list(headers)}


def test_d62_a_socket_counts_hops_as_a_page_does(settings: Settings) -> None:
    settings.KAUTH_TRUSTED_PROXIES = 2
    lists = [(b"x-forwarded-for", b"1.1.1.1, 192.0.2.1"), (b"x-forwarded-for", b"10.0.0.1")]
    assert visitors.of_scope(scope(*lists)).address == "192.0.2.1"


def test_a_socket_tells_its_browser() -> None:
    agent = b"Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert visitors.of_scope(scope((b"user-agent", agent))).browser == "Firefox on Windows"


def test_a_socket_without_a_peer_comes_from_nowhere() -> None:
    assert visitors.of_scope({"client": None, "headers": []}) == Visitor()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_d57_what_one_customer_can_change_at_will_is_one_network(
    address: str, network: str
) -> None:
    assert Visitor(address=address).network == network


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("127.0.0.1", "this computer"),
        ("::1", "this computer"),
        ("192.168.1.4", "the local network"),
        ("8.8.8.8", None),
        ("", None),
    ],
)
def test_a_place_is_said_only_where_the_address_says_it(address: str, place: str | None) -> None:
    assert Visitor(address=address).place == place


# --- Browsers -----------------------------------------------------------------------------

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"{CHROME} Safari/537.36", "Chrome on Linux"),
        (f"{CHROME} Safari/537.36 Edg/140.0", "Edge on Linux"),
        (f"{CHROME} Safari/537.36 OPR/120.0", "Opera on Linux"),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iOS",
        ),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Version/18.6 Safari/605.1.15"
            ),
            "Safari on macOS",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Firefox/140.0", "Firefox on Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Firefox/140.0", "Firefox on Windows"),
        ("kauth-client/1 (Linux)", "kAuth command line on Linux"),
        ("Firefox/1", "Firefox"),
        ("curl/8.0", UNKNOWN_BROWSER),
        ("", UNKNOWN_BROWSER),
    ],
)
def test_well_known_browsers_are_named(agent: str, name: str) -> None:
    assert browser_name(agent) == name


def test_d12_what_draws_or_steers_is_an_unknown_browser() -> None:
    assert browser_name("\x1b[2J<script>alert(1)</script>") == UNKNOWN_BROWSER


@given(text=st.text(), real=st.sampled_from(["", CHROME, "Firefox/1 ", " Windows NT"]))
def test_d12_no_text_of_the_callers_leaves(text: str, real: str) -> None:
    assert browser_name(real + text) in VOCABULARY
    assert browser_name(text + real) in VOCABULARY


def test_a_long_name_costs_no_time() -> None:
    assert browser_name("Version/" + "1." * 1_000_000 + " Safari/") == UNKNOWN_BROWSER
