"""Calling the modules under static/js/lib from a test, in a page of the site."""

from typing import Any

from playwright.sync_api import Page

MODULES = (
    "calls",
    "clock",
    "frames",
    "keys",
    "linking",
    "links",
    "listener",
    "questions",
    "vault",
)


def run(page: Page, body: str, argument: Any = None) -> Any:
    """What the JavaScript `body` returns; each module is there by its name."""
    addresses = [f"/static/js/lib/{name}.js" for name in MODULES]
    return page.evaluate(
        f"""async ([addresses, argument]) => {{
            const modules = await Promise.all(addresses.map((address) => import(address)));
            const [{", ".join(MODULES)}] = modules;
            {body}
        }}""",
        [addresses, argument],
    )
