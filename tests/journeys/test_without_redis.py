"""The full mode while its Redis is away: slower, but every code works."""

import re
from contextlib import closing

import httpx

from tests.journeys.browser import Browser
from tests.services import processes
from tests.services import server as site
from tests.software_device import SoftwareDevice

LOGIN_ID = "alice@example.org"
PASSWORD = "correct horse battery"


def test_d17_without_redis_a_backup_code_signs_in_and_its_mail_still_leaves() -> None:
    nobody = f"redis://127.0.0.1:{processes.free_port()}/0"
    with (
        site.running(REDIS_URL=nobody) as server,
        closing(Browser(server.origin)) as browser,
    ):
        code = link_and_read_a_backup_code(browser)
        browser.press("Log out")
        browser.press("Log in", username=LOGIN_ID, password=PASSWORD)
        browser.open("/login/verify/backup-code/")
        browser.press("Continue", code=code)
        assert browser.path == "/manager/"
        server.wait_for_output("A backup code was used")


def link_and_read_a_backup_code(browser: Browser) -> str:
    browser.open("/signup/")
    browser.press("Sign up", username=LOGIN_ID, password1=PASSWORD, password2=PASSWORD)
    browser.open("/2fa/add/kauth/")
    browser.press("Next")
    device = SoftwareDevice()
    claim = device.claim_body(browser.link_address())
    httpx.post(f"{browser.origin}/device/v1/links", json=claim).raise_for_status()
    browser.press("I have scanned it")
    browser.press("Yes, this is my device")
    found = re.search(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b", browser.text)
    assert found
    return found[0]
