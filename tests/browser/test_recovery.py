"""A phone is lost, the help desk lets somebody link a new one, and the old phone turns it away."""

import json

from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.conftest import NewApp, NewContext
from tests.browser.gallery import Gallery
from tests.browser.person import Person
from tests.browser.watch import Watch
from tests.services.server import ServerProcess

REASON = "Phone lost, called back"
TOLD = "was linked after a recovery of your account"
NOT_ME = "It was not me: remove it"


def code_for(person: Person, server: ServerProcess) -> str:
    order = ("twofactor", "helpdesk-code", person.login_id, "--reason", REASON, "--json")
    return str(json.loads(server.manage(*order).stdout)["code"])


def comes_back_with(caller: Person, code: str) -> None:
    """From the login page to the one page that the help desk's code opens."""
    caller.passes_the_password()
    caller.follow("Use a backup code")
    caller.page.get_by_label("Backup code").fill(code)
    caller.press("Continue")
    caller.is_at("/2fa/")


def links_with(caller: Person, phone: App) -> None:
    caller.follow("Link a device now")
    caller.press("Next")
    phone.opens_link(caller.page.locator("#link-address").inner_text().strip())
    phone.press("Continue")
    phone.shows("Compare the numbers")
    caller.press("Yes, this is my device")
    caller.is_at("/2fa/")


def test_the_old_phone_turns_away_what_a_help_desk_code_linked(
    person: Person, new_app: NewApp, new_context: NewContext, server: ServerProcess, watch: Watch
) -> None:
    gallery = Gallery()
    person.has_signed_up()
    old, new = new_app(), new_app()
    old.has_linked(person)
    old.open()
    caller = person.with_browser(new_context())
    comes_back_with(caller, code_for(person, server))
    gallery.show_ours(caller.page, "link-now")
    caller.open("/manager/")
    caller.is_at("/2fa/")
    links_with(caller, new)
    caller.reads("New: linked after a recovery")
    watch.expect("403")
    caller.open("/2fa/add/")
    caller.reads("Not with a new device")
    gallery.show_ours(caller.page, "too-new")
    person.open("/2fa/")
    gallery.show_ours(person.page, "two-factor-new-device")
    person.follow("It was not me")
    person.reads("Was it not you?")
    gallery.show_ours(person.page, "veto")
    old.reads(TOLD)
    gallery.show_ours(old.page, "app-turn-away")
    old.press(NOT_ME)
    old.reads("It is removed")
    new.reads("was removed in the 2FA section")
    caller.open("/manager/")
    expect(caller.page).to_have_url(f"{person.origin}/login/?next=/manager/")
    person.press(NOT_ME)
    person.reads("Nothing to remove")
