"""What changed in how an account is protected, told on the phone that did not do it (D-40)."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.computer import Computer
from tests.browser.conftest import NewContext
from tests.browser.waiting import until
from tests.browser.watch import Watch
from tests.browser.worker import PhoneWorker
from tests.services.server import ServerProcess

UNSEEN = """SELECT 1 FROM devices_notice JOIN devices_device ON devices_device.id = device_id
    JOIN accounts_user ON accounts_user.id = user_id WHERE login_id = ?"""
TOLD = "New backup codes were made. The old ones work no more."


@pytest.fixture(scope="module")
def browser(browser_that_notifies: Browser) -> Browser:
    return browser_that_notifies


@pytest.fixture
def phone(server: ServerProcess, new_context: NewContext) -> Page:
    page = new_context(permissions=["notifications"]).new_page()
    page.goto(f"{server.origin}/app/")
    return page


def makes_new_codes(computer: Computer) -> None:
    computer.open("/2fa/backup-codes/")
    computer.press("Make new codes")


def test_d40_the_open_app_tells_it_until_it_is_closed(phone: Page, computer: Computer) -> None:
    phone.reload()
    expect(phone.get_by_text("Online", exact=True)).to_be_visible()
    makes_new_codes(computer)
    told = f"{computer.login_id}: {TOLD}"
    expect(phone.get_by_text(told)).to_be_visible()
    phone.reload()
    expect(phone.get_by_text(told)).to_be_visible()
    with phone.expect_response("**/device/v1/seen"):
        phone.get_by_role("button", name="Close").click()
    phone.reload()
    expect(phone.get_by_text("Online", exact=True)).to_be_visible()
    expect(phone.get_by_text(told)).to_be_hidden()


def test_d40_a_push_shows_it_once_and_leaves_it_on_the_screen(
    phone: Page, computer: Computer, server: ServerProcess, watch: Watch
) -> None:
    watch.expect("favicon.ico")
    worker = PhoneWorker(phone, server.origin)
    phone.goto(f"{server.origin}/app/manifest.webmanifest")  # the app is closed
    makes_new_codes(computer)
    worker.is_pushed()
    shown = worker.shows(TOLD)
    assert shown["body"] == f"{computer.login_id} at {server.origin.partition('://')[2]}"
    assert shown["actions"] == []
    until(
        phone, lambda: not server.execute(UNSEEN, computer.login_id), "What tells that it is seen"
    )
    worker.is_pushed()
    worker.shows("This sign-in request is over.")
    assert [one["title"] for one in worker.notifications()].count(TOLD) == 1
