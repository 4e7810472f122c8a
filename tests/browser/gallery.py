"""What can be measured on the pages; on request their pictures too, to be looked at."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

from tests.browser.accessibility import serious_findings

FOLDER = Path(__file__).parent / "screenshots"
# Pictures take most of the time, and no test looks at them.
PICTURES = os.environ.get("PICTURES") == "yes"
PHONE, COMPUTER = 390, 1280
FOUR_TIMES_ENLARGED = 320  # a window of 1280 at 400 % (WCAG 1.4.10)
SMALLEST_TARGET = 44
BY_COLOUR = ("color-contrast", "link-in-text-block")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

SMALL_TARGETS = """(smallest) => {
  const links = "nav a, .ways a, .back a, .brand, .button";
  const controls = `button, input:not([type=hidden]), select, ${links}`;
  return [...document.querySelectorAll(controls)]
    .filter((control) => control.checkVisibility({ visibilityProperty: true }))
    .filter((control) => control.getBoundingClientRect().height < smallest)
    .map((control) => control.outerHTML);
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Gallery:
    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def show(self, page: Page, name: str, widths: Iterable[int] = (COMPUTER, PHONE)) -> None:
        """Fails where the page does not fit or cannot be read; its pictures have these sizes."""
        if PICTURES:
            self._take(page, name, widths)
        fits(page, name)
        shuts_nobody_out(page, name)

    def show_ours(self, page: Page, name: str, widths: Iterable[int] = (COMPUTER, PHONE)) -> None:
        """The same for a page whose every target is ours to make."""
        self.show(page, name, widths)
        assert page.evaluate(SMALL_TARGETS, SMALLEST_TARGET) == [], f"{name} has small targets"

    def show_on_phone(self, page: Page, name: str) -> None:
        """The same for a screen of the app, which is a phone's column on a computer too."""
        self.show_ours(page, name, (PHONE,))

    def _take(self, page: Page, name: str, widths: Iterable[int]) -> None:
        self._folder.mkdir(exist_ok=True)
        for width in widths:
            resize(page, width)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.screenshot(path=self._folder / f"{name}-{width}-{scheme}.png", full_page=True)


def fits(page: Page, name: str) -> None:
    """Fails where the page is wider than its window; leaves it at the size of a phone."""
    resize(page, FOUR_TIMES_ENLARGED)
    assert page.evaluate(TOO_WIDE) == 0, f"{name} is too wide at 400 %"
    resize(page, PHONE)
    assert page.evaluate(TOO_WIDE) == 0, f"{name} is too wide for a phone"


def shuts_nobody_out(page: Page, name: str) -> None:
    """All that axe knows, in the light; in the dark only the colours are others."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found = serious_findings(page, *BY_COLOUR)
    assert not found, f"{name} is hard to read in the dark: {found}"
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = serious_findings(page)
    assert not found, f"{name} shuts people out: {found}"


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844 if width < COMPUTER else 800})
