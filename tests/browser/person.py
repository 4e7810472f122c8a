"""A person in a test: a browser in one hand, a device in the other, and the steps they take."""

import itertools
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

from playwright.sync_api import BrowserContext, Page, expect

from devices.client.errors import ExitCode
from tests.browser.command_line import Phone
from tests.journeys.browser import Browser

PASSWORD = "correct horse battery"
COOKIE_DOMAIN = "localhost.local"  # as Python's cookie jar calls localhost
_networks = itertools.count(1)
CODE = re.compile(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b")


class Person:
    def __init__(self, page: Page, origin: str, login_id: str, phone: Phone) -> None:
        self.page = page
        self.origin = origin
        self.login_id = login_id
        self.phone = phone
        self.backup_codes: list[str] = []
        self.network = f"198.51.100.{next(_networks)}"

    def with_browser(self, context: BrowserContext) -> "Person":
        """The same person at another browser, with the same device."""
        other = Person(context.new_page(), self.origin, self.login_id, self.phone)
        other.backup_codes = self.backup_codes
        return other

    # Where they go and what they press

    def open(self, path: str) -> None:
        self.page.goto(self.origin + path)

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).click()

    def follow(self, label: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=label).click()

    def is_at(self, path: str) -> None:
        self.page.wait_for_url(self.origin + path)

    def reads(self, text: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def number(self) -> str:
        """The number to type on the device."""
        number = self.page.locator("[data-number]").get_attribute("data-number")
        assert number
        return number

    def clipboard(self) -> str:
        text: str = self.page.evaluate("() => navigator.clipboard.readText()")
        return text

    # The journey in its steps

    def signs_up(self) -> None:
        self.open("/signup/")
        self.page.get_by_label("Login ID").fill(self.login_id)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Password again").fill(PASSWORD)
        self.press("Sign up")
        self.is_at("/manager/")

    def asks_for_a_link(self) -> str:
        """From the 2FA section to the QR; the address that it shows."""
        self.open("/2fa/")
        self.follow("Enable")
        self.follow("kAuth app")
        self.press("Next")
        return self.page.locator("#link-address").inner_text().strip()

    def links(self) -> None:
        """Up to the backup codes; the page goes on by itself when the device has claimed."""
        linking = self.phone.link(self.asks_for_a_link())
        self.press("Yes, this is my device")
        self.is_at("/2fa/backup-codes/")
        self.backup_codes = self.page.locator("#codes li").all_inner_texts()
        assert linking.ended() == 0, linking.output

    def signs_out(self) -> None:
        self.press("Log out")
        self.is_at("/login/")

    def passes_the_password(self, *, on_the_way_to: str = "") -> None:
        self.open(f"/login/?next={on_the_way_to}" if on_the_way_to else "/login/")
        self.passes_the_password_to("/login/verify/")

    def passes_the_password_to(self, page: str) -> None:
        """From the login page to where the second step begins."""
        self.page.get_by_label("Login ID").fill(self.login_id)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Log in")
        self.is_at(page)

    @contextmanager
    def without_script(self) -> Iterator[Browser]:
        """The same browser over plain HTTP, where a way takes a tenth of the time.

        It has a network of its own: from one network only so many may sign up in an hour.
        """
        agent = self.page.evaluate("() => navigator.userAgent")
        with closing(Browser(self.origin, user_agent=agent)) as plain:
            plain.http.headers["X-Forwarded-For"] = self.network
            for cookie in self.page.context.cookies(self.origin):
                plain.http.cookies.set(cookie["name"], cookie["value"], domain=COOKIE_DOMAIN)
            yield plain
            for kept in plain.http.cookies.jar:
                given = {"name": kept.name, "value": kept.value or "", "url": self.origin}
                self.page.context.add_cookies([given])  # type: ignore[list-item]

    def has_signed_up(self) -> None:
        with self.without_script() as plain:
            plain.open("/signup/")
            plain.press("Sign up", username=self.login_id, password1=PASSWORD, password2=PASSWORD)

    def has_enrolled(self) -> None:
        """Signed up, linked, and signed in, in a browser that the account knows."""
        self.has_signed_up()
        with self.without_script() as plain:
            plain.open("/2fa/add/kauth/")
            plain.press("Next")
            linking = self.phone.link(plain.link_address())
            linking.shows("Check number")
            plain.press("I have scanned it")
            plain.press("Yes, this is my device")
            self.backup_codes = CODE.findall(plain.text)
            assert linking.ended() == ExitCode.DONE, linking.output
