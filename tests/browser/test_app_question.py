"""The question on the phone: YES, NO, not me, a number; and when it is not shown any more."""

from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.person import Person


def test_a_yes_in_the_app_takes_the_login_page_on_by_itself(person: Person, app: App) -> None:
    person.has_signed_up()
    app.has_linked(person)
    person.open("/manager/")
    person.signs_out()
    person.passes_the_password(on_the_way_to="/2fa/")
    expect(app.question).to_contain_text(person.login_id)
    person.reads("On screen at")
    app.answers("YES")
    app.reads("YES is sent")
    person.is_at("/2fa/")
