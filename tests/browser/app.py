"""The kAuth app in a test: a browser the size of a phone, and what its person does in it."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.person import PASSWORD, Person
from tests.journeys.browser import Browser

SAVED, NOT_NOW = "I have saved them", "Not now"
CODES, RING, HOME = "Save your backup codes", "Let this phone ring", "Accounts"
SIX_DIGITS = re.compile(r"\d{3} \d{3}")


class App:
    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin

    # Where they go and what they press

    def open(self, path: str = "/app/") -> None:
        self.page.goto(self.origin + path)

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).click()

    def follow(self, label: str) -> None:
        self.page.get_by_role("link", name=label).click()

    def reads(self, text: str) -> None:
        expect(self.page.locator("body")).to_contain_text(text)

    def reads_no_more(self, text: str) -> None:
        expect(self.page.get_by_text(text).filter(visible=True)).to_have_count(0)

    def shows(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    def pastes(self, text: str) -> None:
        self.page.get_by_label("Or paste the link").fill(text)
        self.press("Link this phone")

    def logs_in(self, person: Person) -> None:
        self.page.get_by_label("Login ID").fill(person.login_id)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Log in")

    # What is on its screens

    @property
    def question(self) -> Locator:
        return self.page.get_by_role("alertdialog")

    def card(self, person: Person) -> Locator:
        return self.page.get_by_role("listitem").filter(has_text=person.login_id)

    def clipboard(self) -> str:
        text: str = self.page.evaluate("() => navigator.clipboard.readText()")
        return text

    def code(self) -> str:
        """The 30-second code that is shown."""
        shown = self.page.locator("[data-code]:visible")
        expect(shown).to_have_text(SIX_DIGITS)
        return shown.inner_text().replace(" ", "")

    # The journey in its steps

    def links(self, person: Person) -> None:
        """Up to the numbers: `person`, signed in at a computer, shows the QR, and it is scanned."""
        with person.without_script() as plain:
            self.links_by(plain)

    def links_by(self, computer: Browser) -> None:
        computer.open("/2fa/add/kauth/")
        computer.press("Next")
        self.opens_link(computer.link_address())
        self.press("Continue")
        self.shows("Compare the numbers")
        computer.press("I have scanned it")
        computer.press("Yes, this is my device")

    def has_linked(self, person: Person) -> None:
        """The same to its end: the account is in the list, and its line is up."""
        self.links(person)
        self.puts_away_the_codes()
        self.goes_home()
        expect(self.card(person)).to_contain_text("Online")

    def puts_away_the_codes(self) -> None:
        """Where this linking made any."""
        if self.comes_to(CODES) == CODES:
            self.press(SAVED)

    def goes_home(self) -> None:
        if self.comes_to(RING) == RING:
            self.follow(NOT_NOW)

    def comes_to(self, *headings: str) -> str:
        """The heading that shows up, of these and of those that come after linking."""
        known = "|".join({*headings, RING, HOME})
        heading = self.page.get_by_role("heading", level=1, name=re.compile(known))
        expect(heading).to_be_visible()
        return heading.inner_text()

    def opens_link(self, address: str) -> None:
        # An address that differs in its fragment only would not be loaded anew.
        self.page.goto("about:blank")
        self.page.goto(address)

    def answers(self, *buttons: str) -> None:
        expect(self.question).to_be_visible()
        for button in buttons:
            self.press(button)
