"""The full mode behind nginx: pages by gunicorn, sockets by daphne, and one proxy before both."""

from contextlib import closing

import httpx
import pytest

from tests.journeys.browser import Browser
from tests.journeys.wire import connected, sign_up_and_link
from tests.services.full import Full
from tests.waiting import until

PASSWORD = "correct horse battery"


def test_a_sign_in_goes_through_every_process_of_the_full_mode(full_site: Full) -> None:
    with closing(Browser(full_site.origin)) as browser:
        device = sign_up_and_link(browser, "full@example.org", PASSWORD)
        with connected(full_site.origin, device) as socket:
            browser.press("Log out")
            browser.press("Log in", username="full@example.org", password=PASSWORD)
            socket.answer("approve", browser.number())
            assert socket.hear()["ok"] is True
        browser.press("I have answered")
        assert browser.path == "/manager/"


LIES = [
    {"Daphne-Root-Path": "/manager"},
    {"SCRIPT_NAME": "/login"},
    {"Script-Name": "/login"},
    {"X-Forwarded-Prefix": "/login"},
    {"X-Forwarded-Host": "evil.example"},
    {"Forwarded": "host=evil.example;proto=https"},
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: next(iter(lie)))
def test_d62_what_a_caller_says_as_if_it_were_a_proxy_changes_nothing(
    full_site: Full, lie: dict[str, str]
) -> None:
    told = {**lie, "Host": full_site.origin.removeprefix("https://")}
    direct = {**told, "X-Forwarded-Proto": "https"}
    pages = f"http://127.0.0.1:{full_site.site.pages_port}"
    for answer in (
        httpx.get(f"{full_site.origin}/login/", headers=told),
        httpx.get(f"{pages}/login/", headers=direct),
    ):
        assert answer.status_code == 200
        assert "evil.example" not in answer.text


def test_d62_the_record_has_the_address_that_the_proxy_saw(full_site: Full) -> None:
    forged = {"X-Forwarded-For": "198.51.100.77", "Origin": full_site.origin}
    with closing(Browser(full_site.origin)) as browser:
        browser.http.headers.update(forged)
        browser.open("/signup/")
        fields = {"password1": PASSWORD, "password2": PASSWORD}
        browser.press("Sign up", username="forged@example.org", **fields)
        assert browser.path == "/manager/"
        assert "198.51.100.77" not in browser.text
        assert "127.0.0.1" in browser.text


def test_d92_no_log_has_the_token_of_a_reset_link(full_site: Full) -> None:
    httpx.get(f"{full_site.origin}/password/reset/bmFtZQ/dtf-live-token/?next=/secret-query/")
    log = full_site.site.proxy.access_log
    until(lambda: "/password/reset/bmFtZQ/..." in log.read_text(), "The line of the proxy")
    everything = [log.read_text(), *(program.output() for program in full_site.site.programs)]
    assert not [text for text in everything if "live-token" in text or "secret-query" in text]
