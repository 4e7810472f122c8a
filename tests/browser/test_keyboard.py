"""Without a mouse: Tab, Enter, and a ring round what has the focus at every stop (WCAG 2.4.7)."""

from playwright.sync_api import Page, expect

from devices.client.errors import ExitCode
from tests.browser.conftest import Household
from tests.browser.person import PASSWORD, Person

WIDTH_OF_RING = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
}"""
NAME_OF_FOCUS = """() => {
  const { activeElement } = document;
  const name = (activeElement.labels?.[0] ?? activeElement).cloneNode(true);
  for (const unread of name.querySelectorAll("[aria-hidden]")) unread.remove();
  return name.textContent.trim();
}"""
FOCUS_IS_OUTSIDE = """() => {
  const { activeElement, body } = document;
  return activeElement !== body && !activeElement.closest("[role=alertdialog]");
}"""
FURTHEST = 30


def test_a_person_links_by_keyboard(person: Person) -> None:
    page = person.page
    person.signs_up()
    walk_to(page, "2FA")
    page.keyboard.press("Enter")
    person.is_at("/2fa/")
    for name, then in (("Enable", "2fa/add/"), ("kAuth app", "2fa/add/kauth/")):
        walk_to(page, name)
        page.keyboard.press("Enter")
        person.is_at(f"/{then}")
    walk_to(page, "Next")
    page.keyboard.press("Enter")
    linking = person.phone.link(page.locator("#link-address").inner_text().strip())
    person.reads("Is this your device?")
    walk_to(page, "Yes, this is my device")
    page.keyboard.press("Enter")
    person.is_at("/2fa/backup-codes/")
    for name in ("Print", "Copy", "I have saved them"):
        walk_to(page, name)
    assert linking.ended() == ExitCode.DONE


def test_a_person_signs_in_by_keyboard(enrolled: Person) -> None:
    page, phone = enrolled.page, enrolled.phone.listen("--once", "--yes")
    expect(page.get_by_label("Login ID")).to_be_focused()
    page.keyboard.type(enrolled.login_id)
    page.keyboard.press("Tab")
    assert page.evaluate(NAME_OF_FOCUS) == "Password"
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    enrolled.is_at("/manager/")
    assert phone.ended() == ExitCode.DONE


def test_the_code_box_and_the_other_ways_are_in_reach_of_the_keyboard(enrolled: Person) -> None:
    enrolled.passes_the_password()
    for name in ("I have answered", "Use a code instead", "Use a backup code", "Send again"):
        walk_to(enrolled.page, name)
    walk_to(enrolled.page, "Cancel")
    enrolled.page.keyboard.press("Enter")
    enrolled.is_at("/login/")


def test_the_first_stop_skips_to_the_content(person: Person) -> None:
    person.open("/app/link")
    walk_to(person.page, "Skip to the content")
    expect(person.page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()


def walk_to(page: Page, name: str) -> None:
    """Tab by Tab to what is called so, with the focus in sight at each stop."""
    for _ in range(FURTHEST):
        page.keyboard.press("Tab")
        if page.evaluate(NAME_OF_FOCUS) == name:
            assert page.evaluate(WIDTH_OF_RING) >= 3
            return
    raise AssertionError(f"{name!r} is not in reach on {page.url}")


def test_the_app_is_walked_by_keyboard(at_home: Household) -> None:
    person, app = at_home.person, at_home.app
    walk_to(app.page, "Show code")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("button", name="Copy")).to_be_focused()
    walk_to(app.page, "Add an account")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="Add an account")).to_be_focused()
    walk_to(app.page, "Log in from a computer")
    app.page.keyboard.press("Enter")
    walk_to(app.page, "Continue")
    app.page.keyboard.press("Enter")
    walk_to(app.page, "Link this phone")
    app.open()
    walk_to(app.page, person.login_id)
    app.page.keyboard.press("Enter")
    for name in ("Turn on notifications", "Test this phone", "Rename", "Remove this account"):
        walk_to(app.page, name)
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="Remove this account?")).to_be_focused()
    walk_to(app.page, "Remove")
    walk_to(app.page, "Keep it")


def test_a_question_is_answered_by_keyboard_and_gives_the_focus_back(at_home: Household) -> None:
    person, app = at_home.person, at_home.app
    walk_to(app.page, "Show code")
    person.passes_the_password()
    expect(app.page.get_by_role("heading", name="Is this you signing in?")).to_be_focused()
    expect(app.page.get_by_role("button", name="YES")).to_be_enabled()
    app.page.keyboard.press("Escape")
    for _ in range(5):
        app.page.keyboard.press("Tab")
        assert not app.page.evaluate(FOCUS_IS_OUTSIDE)
    walk_to(app.page, "NO")
    app.page.keyboard.press("Tab")
    assert app.page.evaluate(NAME_OF_FOCUS) == "YES"
    app.page.keyboard.press("Enter")
    person.is_at("/manager/")
    expect(app.page.get_by_role("button", name="Done")).to_be_focused()
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("button", name="Show code")).to_be_focused()
