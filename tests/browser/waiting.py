"""Waiting for what no page shows: the browser goes on meanwhile."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests import waiting


def until(page: Page, look: Callable[[], waiting.Found], what: str) -> waiting.Found:
    return waiting.until(look, what, pause=lambda seconds: page.wait_for_timeout(seconds * 1000))
