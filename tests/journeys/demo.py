"""`make demo`: the main journey in the terminal, by real parts, with the time of each step."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from tests.journeys.browser import Browser
from tests.services import server

LOGIN_ID, PASSWORD = "demo@example.org", "correct horse battery"
PATIENCE = 30


class DemoFailed(Exception):
    """A step did not come to its end; the message says which and why."""


def main() -> int:
    started = time.monotonic()
    print("\nkAuth, the main journey: real server, real command-line device, a browser\n")
    try:
        with ExitStack() as stack:
            play(stack)
    except (DemoFailed, AssertionError, RuntimeError) as error:
        print(f"\nThe demo stopped here: {error}", file=sys.stderr)
        return 1
    print(f"\n  {'All of it':<62}{time.monotonic() - started:7.2f} s\n")
    return 0


def play(stack: ExitStack) -> None:
    with step("The server starts, with a new database"):
        site = stack.enter_context(server.running())
        browser = Browser(site.origin)
        stack.callback(browser.close)
        store = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "store"
    with step("A person signs up"):
        browser.open("/signup/")
        browser.press("Sign up", username=LOGIN_ID, password1=PASSWORD, password2=PASSWORD)
    with step("They enable 2FA and the page shows the QR and its link"):
        browser.open("/2fa/add/kauth/")
        browser.press("Next")
        address = browser.link_address()
    with step("The device claims the link; both show one number"):
        linking = stack.enter_context(device(store, "link", address, "--name", "Terminal"))
        expect(lambda: "Yes, this is my device" in offered(browser), "no device came")
    with step("“Yes, this is my device”, and the device fetches its secrets"):
        browser.press("Yes, this is my device")
        ended(linking)
        browser.press("Log out")
    with step("The device listens"):
        listening = stack.enter_context(device(store, "listen", "--once", "--yes"))
        wait_for_line(listening, "Connected to")
    with step("They log in with the password, and the device is asked"):
        browser.open("/login/")
        browser.press("Log in", username=LOGIN_ID, password=PASSWORD)
    with step("YES on the device"):
        ended(listening)
    with step("The browser goes on to the account manager"):
        browser.press("I have answered")
        if browser.path != "/manager/":
            raise DemoFailed(f"the browser is at {browser.path}")


@contextmanager
def step(words: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"  {words:<62}{time.monotonic() - began:7.2f} s", flush=True)


@contextmanager
def device(store: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "devices.client", *arguments],
        env={**os.environ, "KAUTH_STORE": str(store), "KAUTH_PASSPHRASE": "demo passphrase"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def offered(browser: Browser) -> set[str]:
    browser.open("/2fa/add/kauth/")
    return browser.buttons()


def expect(ready: Callable[[], bool], failure: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise DemoFailed(failure)
        time.sleep(0.1)


def wait_for_line(process: subprocess.Popen[str], words: str) -> None:
    for line in said_by(process):
        if words in line:
            return
    raise DemoFailed(f"the device never said “{words}”")


def ended(process: subprocess.Popen[str]) -> None:
    try:
        said, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise DemoFailed("the device did not come to an end") from None
    if process.returncode:
        raise DemoFailed(f"the device ended with {process.returncode}: {said.strip()}")


def said_by(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


if __name__ == "__main__":
    sys.exit(main())
