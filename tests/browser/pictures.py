"""Takes the pictures of README.md from the real pages and the real device.

Run it again after a change of either: `.venv/bin/python -m tests.browser.pictures`
"""

import html
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.app import App
from tests.browser.command_line import Phone
from tests.journeys.browser import Browser
from tests.services import chromium, processes
from tests.services.server import ROOT, ServerProcess

IMAGES = ROOT / "docs" / "images"
LARGEST = 150_000
PORT = 8000  # what a reader sees after `make run`
LOGIN_ID, PASSWORD = "alice@example.org", "correct horse battery"
COMMAND = "$ .venv/bin/python -m devices.client listen"
TERMINAL = """<!doctype html>
<style>
  body { margin: 0; background: #10151c; color: #dfe6ef; }
  pre { margin: 0; padding: 18px 22px; font: 15px/1.5 "DejaVu Sans Mono", monospace; }
  b { color: #8ab4ff; font-weight: normal; }
  i { background: #dfe6ef; }
</style>"""


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(processes.private_folder())
        server = _server(folder)
        server.start()
        stack.callback(server.stop)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.OFFLINE)
        phone = stack.enter_context(closing(Phone(folder, "Laptop")))
        page = _new_page(browser, 420, 640)
        app = App(_new_page(browser, 390, 720), server.origin)
        _enrol(server.origin, phone, app, page)
        question = _ask(server.origin, phone, page)
        _keep(page, "waiting-page.png")
        expect(app.question.get_by_role("button", name="YES")).to_be_enabled()
        _keep(app.page, "app-question.png")
        _keep(_drawn(browser, question), "device-question.png")


def _server(folder: Path) -> ServerProcess:
    server = ServerProcess(folder, {"PORT": str(PORT)})
    server.port, server.origin = PORT, f"http://localhost:{PORT}"
    return server


def _new_page(browser: Chromium, width: int, height: int) -> Page:
    size = {"width": width, "height": height}
    return browser.new_page(viewport=size, device_scale_factor=1.5)  # type: ignore[arg-type]


def _enrol(origin: str, phone: Phone, app: App, page: Page) -> None:
    """An account with this device and this app; `page` is of a browser that the account knows."""
    agent = page.evaluate("() => navigator.userAgent")
    with closing(Browser(origin, user_agent=agent)) as plain:
        plain.open("/signup/")
        plain.press("Sign up", username=LOGIN_ID, password1=PASSWORD, password2=PASSWORD)
        # The app first: what is linked later is told to it, and not in the picture of the terminal.
        app.links_by(plain)
        app.puts_away_the_codes()
        app.goes_home()
        plain.open("/2fa/add/kauth/")
        plain.press("Next")
        linking = phone.link(plain.link_address())
        linking.shows("Check number")
        plain.press("I have scanned it")
        plain.press("Yes, this is my device")
        assert linking.ended() == 0, linking.output
        plain.press("Log out")
        _give_cookies(plain.http.cookies, page, origin)


def _give_cookies(cookies: httpx.Cookies, page: Page, origin: str) -> None:
    for cookie in cookies.jar:
        given = {"name": cookie.name, "value": cookie.value or "", "url": origin}
        page.context.add_cookies([given])  # type: ignore[list-item]


def _ask(origin: str, phone: Phone, page: Page) -> str:
    """Signs in as far as the question; what the device then shows."""
    device = phone.listen()
    page.goto(f"{origin}/login/")
    page.get_by_label("Login ID").fill(LOGIN_ID)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    device.shows("r = not me:")
    page.get_by_text("On screen at").wait_for()
    return device.output


def _drawn(browser: Chromium, question: str) -> Page:
    page = _new_page(browser, 640, 290)
    lines = f"<b>{html.escape(COMMAND)}</b>\n{html.escape(question)}"
    page.set_content(f"{TERMINAL}<pre>{lines}<i> </i></pre>")
    return page


def _keep(page: Page, name: str) -> None:
    path = IMAGES / name
    page.screenshot(path=path, animations="disabled")
    size = path.stat().st_size
    assert size < LARGEST, f"{path} has {size} bytes"
    print(f"{path.relative_to(ROOT)}  {size} bytes")


if __name__ == "__main__":
    main()
