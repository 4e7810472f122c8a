"""What axe finds on a page. The lesser findings are opinions; the serious ones shut people out."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

SHUTS_OUT = ("serious", "critical")
HAS_AXE = "() => 'axe' in window"
# What it has no fault to find with is most of what it says, and takes longest to bring here.
VIOLATIONS = """async (options) => {
    const { violations } = await axe.run(document, options);
    return violations;
}"""
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
    if not page.evaluate(HAS_AXE):
        page.evaluate(AXE_SCRIPT)
    # Style sheets taken in advance would be inline styles, of which the content policy complains.
    options: dict[str, Any] = {"preload": False, "resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in page.evaluate(VIOLATIONS, options)
        if violation["impact"] in SHUTS_OUT
        for node in violation["nodes"]
    ]
