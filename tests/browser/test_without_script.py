"""Without JavaScript a person presses one button more, and gets there as well."""

import pytest

from devices.client.errors import ExitCode
from tests.browser.conftest import NewContext, NewPerson
from tests.browser.person import Person


@pytest.fixture
def person(new_person: NewPerson) -> Person:
    return new_person(java_script_enabled=False)


@pytest.fixture
def elsewhere(new_person: NewPerson, new_context: NewContext) -> Person:
    """Somebody with a linked device at a browser that the account does not know."""
    person = new_person()
    person.has_enrolled()
    return person.with_browser(new_context(java_script_enabled=False))


def test_linking_goes_on_by_i_have_scanned_it(person: Person) -> None:
    person.signs_up()
    linking = person.phone.link(person.asks_for_a_link())
    linking.shows("Check number")
    person.press("I have scanned it")
    person.press("Yes, this is my device")
    person.is_at("/2fa/backup-codes/")
    assert linking.ended() == ExitCode.DONE


def test_i_have_scanned_it_before_any_device_did_shows_the_same_link(person: Person) -> None:
    person.signs_up()
    address = person.asks_for_a_link()
    person.press("I have scanned it")
    assert person.page.locator("#link-address").inner_text().strip() == address


def test_signing_in_goes_on_by_i_have_answered(elsewhere: Person) -> None:
    phone = elsewhere.phone.listen("--once")
    elsewhere.passes_the_password(on_the_way_to="/2fa/")
    phone.shows("NEW BROWSER")
    phone.types("y")
    phone.types(elsewhere.number())
    assert phone.ended() == ExitCode.DONE
    elsewhere.press("I have answered")
    elsewhere.is_at("/2fa/")


def test_i_have_answered_before_the_answer_goes_on_waiting(elsewhere: Person) -> None:
    elsewhere.passes_the_password()
    number = elsewhere.number()
    elsewhere.press("I have answered")
    elsewhere.reads("Check your phone")
    assert elsewhere.number() == number
