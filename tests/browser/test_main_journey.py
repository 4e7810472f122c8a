"""The main journey as a person sees it: real Chromium, real server, a device with a real key."""

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright
from websockets.sync.client import connect

from devices import protocol
from tests.services import chromium
from tests.services.server import ServerProcess
from tests.software_device import SoftwareDevice

PASSWORD = "correct horse battery"


@pytest.fixture
def page(chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=chromium.OFFLINE)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        yield page
        browser.close()
    assert faults == []


def test_a_yes_on_the_device_takes_the_waiting_page_on_by_itself(
    server: ServerProcess, page: Page
) -> None:
    sign_up(page, server.origin, "chromium@example.org")
    device = link(page, server.origin)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{server.origin}/login/?next=/2fa/")
    socket = f"{server.origin.replace('http', 'ws')}{protocol.SOCKET_PATH}"
    with connect(socket, subprotocols=[protocol.SUBPROTOCOL]) as connection:  # type: ignore[list-item]
        hello = json.loads(connection.recv())
        connection.send(json.dumps(device.sign_ws(hello)))
        assert device.accepts_ready(hello, json.loads(connection.recv()))
        type_credentials(page, "chromium@example.org")
        request = json.loads(connection.recv())
        connection.send(json.dumps({"t": "seen", "challenge": request["challenge"]}))
        page.get_by_text("On screen at “Pixel 8”").wait_for()
        connection.send(json.dumps(device.answer_body(request, "approve")))
        page.wait_for_url(f"{server.origin}/2fa/")
    page.get_by_text("On, with 1 device and 10 backup codes.").wait_for()


def sign_up(page: Page, origin: str, login_id: str) -> None:
    page.goto(f"{origin}/signup/")
    page.get_by_label("Login ID").fill(login_id)
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url(f"{origin}/manager/")


def link(page: Page, origin: str) -> SoftwareDevice:
    page.goto(f"{origin}/2fa/")
    page.get_by_role("link", name="Enable").click()
    page.get_by_role("main").get_by_role("link", name="kAuth app").click()
    page.get_by_role("button", name="Next").click()
    address = page.locator("#link-address").inner_text().strip()
    device = SoftwareDevice()
    answer = httpx.post(f"{origin}/device/v1/links", json=device.claim_body(address))
    device.accept_claim(answer.json())
    page.get_by_role("button", name="Yes, this is my device").wait_for()
    assert device.check_number in page.get_by_role("main").inner_text().replace(" ", "")
    page.get_by_role("button", name="Yes, this is my device").click()
    page.wait_for_url(f"{origin}/2fa/backup-codes/")
    return device


def type_credentials(page: Page, login_id: str) -> None:
    page.get_by_label("Login ID").fill(login_id)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/login/verify/")
