"""A computer without script, beside a phone whose screens nobody touches: the library links it."""

import itertools

from playwright.sync_api import Page

from tests.browser.library import run
from tests.browser.person import PASSWORD
from tests.journeys.browser import Browser

_numbers = itertools.count(1)


class Computer(Browser):
    """A browser that the account knows, so that it is asked for no number."""

    def __init__(self, origin: str) -> None:
        number = next(_numbers)
        super().__init__(origin, network=f"198.51.100.{number}")
        self.login_id = f"rung{number}@example.org"

    def links(self, phone: Page) -> None:
        self.open("/signup/")
        self.press("Sign up", username=self.login_id, password1=PASSWORD, password2=PASSWORD)
        self.open("/2fa/add/kauth/")
        self.press("Next")
        run(phone, CLAIM, self.link_address())
        self.press("I have scanned it")
        self.press("Yes, this is my device")
        run(phone, FINISH)

    def asks(self) -> None:
        """Up to the waiting page."""
        self.open("/manager/")
        self.press("Log out")
        self.press("Log in", username=self.login_id, password=PASSWORD)
        assert self.path == "/login/verify/"

    def removes_its_device(self) -> None:
        self.open("/2fa/")
        self.follow("Remove")
        self.press("Remove")


CLAIM = """
    const link = links.readLink(argument, location.origin);
    await linking.claim({ link, name: "Pixel 8", platform: "android-web" });
"""
FINISH = """
    const account = (await vault.accounts()).find(({ provisioned }) => !provisioned);
    await linking.untilActive(account);
    await linking.provision(account);
    await linking.provisioned(account);
"""
