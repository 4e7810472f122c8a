"""What axe finds on a page. The lesser findings are opinions; the serious ones shut people out."""

from functools import cache
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SHUTS_OUT = ("serious", "critical")
HAS_SCRIPT = "() => matchMedia('(scripting: enabled)').matches"
# Colours that fade into those of the other scheme are told apart worse on the way there.
END_FADING = """() => document.getAnimations()
    .filter((one) => one instanceof CSSTransition).forEach((one) => one.finish())"""


def serious_findings(page: Page, *rules: str) -> list[str]:
    """By all rules, or by `rules` alone: what is wrong, and with which element.

    Axe is a script: in a browser without any it finds nothing.
    """
    if not page.evaluate(HAS_SCRIPT):
        return []
    page.evaluate(END_FADING)
    # Style sheets taken in advance would be inline styles, of which the content policy complains.
    options: dict[str, Any] = {"preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found: dict[str, Any] = _axe().run(page, options=options).response
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in SHUTS_OUT
        for node in violation["nodes"]
    ]


@cache
def _axe() -> Axe:
    return Axe()
