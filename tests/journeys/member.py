"""A person of the journeys: browsers without script, a command-line device, and their steps."""

import asyncio
import csv
import io
import itertools
import re
from contextlib import ExitStack
from pathlib import Path

import httpx

from devices.client import cli
from devices.client.errors import ExitCode
from devices.client.terminal import Terminal
from devices.client.waits import Waits
from tests.browser.command_line import STORE, Command, Phone
from tests.journeys.browser import Browser
from tests.journeys.wire import question, send_answer, sign_up_and_link
from tests.software_device import SoftwareDevice

PASSWORD = "correct horse battery"
BACKUP_CODE = re.compile(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b")
NAMED = ("--name", "Pixel 8")
QUESTION = "Is it you? y = yes, n = no, r = not me:"

_numbers = itertools.count(1)


class Member:
    """Everything goes over HTTP and sockets: the browser's side here, the device's in `phone`."""

    def __init__(self, origin: str, folder: Path) -> None:
        number = next(_numbers)
        self.origin = origin
        self.login_id = f"member{number}@example.org"
        self.backup_codes: list[str] = []
        self._open = ExitStack()
        self.device = SoftwareDevice()
        self.folder = folder
        self.phone = Phone(folder)
        self._open.callback(self.phone.close)
        self.browser = self.new_browser()

    def new_browser(self) -> Browser:
        """One that the account does not know, in a network of its own."""
        number = next(_numbers)
        browser = Browser(self.origin, network=f"198.18.{number // 250}.{number % 250 + 1}")
        self._open.callback(browser.close)
        return browser

    def signs_up(self) -> None:
        self.browser.open("/signup/")
        self.browser.press(
            "Sign up", username=self.login_id, password1=PASSWORD, password2=PASSWORD
        )

    def asks_for_a_link(self) -> str:
        self.browser.open("/2fa/add/kauth/")
        self.browser.press("Next")
        return self.browser.link_address()

    def links(self, phone: Phone | None = None) -> None:
        """Ends signed in, on the page of the backup codes."""
        linking = (phone or self.phone).link(self.asks_for_a_link())
        linking.shows("Check number")
        self.browser.press("I have scanned it")
        self.browser.press("Yes, this is my device")
        self.backup_codes = BACKUP_CODE.findall(self.browser.text) or self.backup_codes
        assert linking.ended() == ExitCode.DONE, linking.output

    def enrols(self) -> None:
        """Signed up, linked, signed out. The device's part is done in this process: that is much
        sooner, and it fetches its secrets when it listens.
        """
        self.signs_up()
        self._claims(self.asks_for_a_link())
        self.browser.press("I have scanned it")
        self.browser.press("Yes, this is my device")
        self.backup_codes = BACKUP_CODE.findall(self.browser.text)
        self.browser.press("Log out")

    def enrols_by_wire(self) -> None:
        """The same with a device that is no program, `device`; stays signed in."""
        self.device = sign_up_and_link(self.browser, self.login_id, PASSWORD)
        self.backup_codes = BACKUP_CODE.findall(self.browser.text)

    def _claims(self, address: str) -> None:
        store = ["--store", str(self.folder / STORE)]
        options = cli.parser().parse_args([*store, "link", address, *NAMED, "--no-wait"])
        said, complaints = io.StringIO(), io.StringIO()
        code = asyncio.run(cli.run(options, Terminal(said, complaints), Waits()))
        assert code == ExitCode.DONE, complaints.getvalue()

    def logs_in(self, browser: Browser | None = None, *, on_the_way_to: str = "") -> None:
        """The password step; ends where it leads."""
        used = browser or self.browser
        used.open(f"/login/?next={on_the_way_to}" if on_the_way_to else "/login/")
        used.press("Log in", username=self.login_id, password=PASSWORD)

    def asks_in_a_new_browser(self) -> Browser:
        """At its waiting page."""
        browser = self.new_browser()
        self.logs_in(browser)
        return browser

    def answers(self, decision: str = "approve", number: str = "") -> httpx.Response:
        """What `device` answers to the question that is open."""
        asked = question(self.origin, self.device)
        return send_answer(self.origin, self.device.answer_body(asked, decision, number))

    def uses_a_backup_code(self, nth: int = 0) -> None:
        self.browser.open("/login/verify/backup-code/")
        self.browser.press("Continue", code=self.backup_codes[nth])

    def history(self) -> list[str]:
        """The kinds of all that happened on the account, oldest first, each as often as it did;
        somebody is signed in.
        """
        text = self.browser.http.get("/manager/activity/download/").raise_for_status().text
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
        return [row["Kind"] for row in rows[::-1] for _ in range(int(row["Times"]))]

    def is_asked(self, *options: str) -> Command:
        """The device listens, and has the question of the password step on screen."""
        listening = self.phone.listen(*options)
        self.logs_in()
        listening.shows("Sign-in request for")
        return listening

    def close(self) -> None:
        self._open.close()
