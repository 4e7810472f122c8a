"""What a person does and sees: real Chromium, the real server, the real command-line device."""

from pathlib import Path

from playwright.sync_api import expect

from devices.client.errors import ExitCode
from tests.browser.conftest import NewContext, NewPerson
from tests.browser.person import Person

AFTER_THE_CODE_BOX_IS_DUE = 21_000
QUESTION = "Is it you? y = yes, n = no, r = not me:"


def test_a_new_account_leads_to_the_account_manager(person: Person) -> None:
    person.signs_up()
    person.reads("Only your password protects this account")


def test_linking_goes_on_by_itself_when_the_device_claims(person: Person) -> None:
    person.signs_up()
    linking = person.phone.link(person.asks_for_a_link())
    person.reads("Is this your device?")
    person.reads("Pixel 8")
    linking.shows("Check number")
    number = person.page.locator("[data-number]").get_attribute("data-number")
    assert f"({number})" in linking.output
    person.press("Yes, this is my device")
    person.is_at("/2fa/backup-codes/")
    assert linking.ended() == ExitCode.DONE
    person.open("/2fa/")
    person.reads("On, with 1 device and 10 backup codes")


def test_a_device_that_the_person_refuses_is_not_linked(person: Person) -> None:
    person.signs_up()
    linking = person.phone.link(person.asks_for_a_link())
    person.press("No")
    person.reads("That device is not linked")
    assert linking.ended() == ExitCode.NOT_CONFIRMED
    person.open("/2fa/")
    expect(person.page.get_by_role("main").get_by_role("link", name="Enable")).to_be_visible()


def test_the_link_can_be_copied(new_person: NewPerson) -> None:
    person = new_person(permissions=["clipboard-read", "clipboard-write"])
    person.signs_up()
    address = person.asks_for_a_link()
    person.press("Copy")
    expect(person.page.get_by_role("button", name="Copied")).to_be_visible()
    assert person.clipboard() == address


def test_backup_codes_are_copied_downloaded_and_put_away(new_person: NewPerson) -> None:
    person = new_person(permissions=["clipboard-read", "clipboard-write"])
    person.has_enrolled()
    person.open("/2fa/backup-codes/")
    assert len(set(person.backup_codes)) == 10
    person.press("Copy")
    expect(person.page.get_by_role("button", name="Copied")).to_be_visible()
    assert person.clipboard().split() == person.backup_codes
    with person.page.expect_download() as download:
        person.follow("Download")
    text = Path(download.value.path()).read_text()
    assert all(code in text for code in [*person.backup_codes, person.login_id])
    person.press("I have saved them")
    person.is_at("/2fa/")
    person.open("/2fa/backup-codes/")
    person.reads("10 codes left")


def test_a_yes_takes_the_waiting_page_on_by_itself_to_where_the_person_wanted(
    enrolled: Person,
) -> None:
    phone = enrolled.phone.listen("--once")
    enrolled.passes_the_password(on_the_way_to="/2fa/")
    phone.shows(QUESTION)
    enrolled.reads("On screen at “Pixel 8”")
    phone.types("y")
    enrolled.is_at("/2fa/")
    enrolled.reads("On, with 1 device and 10 backup codes")
    assert phone.ended() == ExitCode.DONE


def test_a_no_is_told_and_does_not_sign_in(enrolled: Person) -> None:
    phone = enrolled.phone.listen("--once", "--no")
    enrolled.passes_the_password()
    enrolled.reads("Not approved")
    assert phone.ended() == ExitCode.DENIED
    enrolled.open("/manager/")
    enrolled.page.wait_for_url("**/login/?next=/manager/")


def test_a_browser_that_is_new_shows_a_number_to_type_on_the_device(
    enrolled: Person, new_context: NewContext
) -> None:
    elsewhere = enrolled.with_browser(new_context())
    phone = enrolled.phone.listen("--once")
    elsewhere.passes_the_password()
    phone.shows("NEW BROWSER")
    phone.types("y")
    phone.shows("Type the 2-digit number")
    phone.types(elsewhere.number())
    elsewhere.is_at("/manager/")
    assert phone.ended() == ExitCode.DONE


def test_a_wrong_number_ends_the_request(enrolled: Person, new_context: NewContext) -> None:
    elsewhere = enrolled.with_browser(new_context())
    phone = enrolled.phone.listen("--once")
    elsewhere.passes_the_password()
    phone.shows(QUESTION)
    phone.types("y")
    phone.types("10" if elsewhere.number() != "10" else "11")
    elsewhere.reads("Not approved")
    assert phone.ended() == ExitCode.REFUSED


def test_the_code_box_comes_up_after_twenty_seconds_and_takes_a_code(enrolled: Person) -> None:
    page = enrolled.page
    page.clock.install()
    enrolled.passes_the_password()
    box = page.get_by_label("Code from the kAuth app")
    expect(box).to_be_hidden()
    page.clock.fast_forward(AFTER_THE_CODE_BOX_IS_DUE)
    box.fill(enrolled.phone.code())
    enrolled.press("Continue")
    enrolled.is_at("/manager/")


def test_a_code_on_its_own_page_signs_in(enrolled: Person) -> None:
    enrolled.passes_the_password()
    enrolled.follow("Use a code instead")
    enrolled.page.get_by_label("Code").fill(enrolled.phone.code())
    enrolled.press("Continue")
    enrolled.is_at("/manager/")


def test_a_backup_code_signs_in_once(enrolled: Person) -> None:
    enrolled.passes_the_password()
    enrolled.follow("Use a backup code")
    enrolled.page.get_by_label("Code").fill(enrolled.backup_codes[0])
    enrolled.press("Continue")
    enrolled.is_at("/manager/")
    enrolled.reads("On, with 1 device and 9 backup codes")
    enrolled.signs_out()
    enrolled.passes_the_password()
    enrolled.follow("Use a backup code")
    enrolled.page.get_by_label("Code").fill(enrolled.backup_codes[0])
    enrolled.press("Continue")
    enrolled.reads("This is none of your unused backup codes")


def test_removing_the_last_device_says_what_it_means_and_tells_the_device(member: Person) -> None:
    phone = member.phone.listen()
    member.open("/2fa/")
    member.follow("Remove")
    member.reads("This is your last method")
    member.press("Remove")
    member.is_at("/2fa/")
    member.reads("“Pixel 8” is removed")
    expect(member.page.locator(".device-row")).to_have_count(0)
    assert phone.ended() == ExitCode.REVOKED
    assert "No account is linked here" in member.phone.accounts()


def test_send_again_asks_anew_in_place_of_the_first_request(enrolled: Person) -> None:
    phone = enrolled.phone.listen()
    enrolled.passes_the_password()
    phone.shows(QUESTION)
    enrolled.press("Send again")
    phone.shows("a newer request took its place")
    phone.shows(QUESTION, times=2)
    phone.types("y")
    enrolled.is_at("/manager/")


def test_cancel_ends_the_request_on_both_sides(enrolled: Person) -> None:
    phone = enrolled.phone.listen("--once")
    enrolled.passes_the_password()
    phone.shows(QUESTION)
    enrolled.press("Cancel")
    enrolled.is_at("/login/")
    phone.shows("it was cancelled on the login page")
    assert phone.ended() == ExitCode.OVER


def test_of_two_browsers_the_older_says_that_a_newer_one_asks(
    enrolled: Person, new_context: NewContext
) -> None:
    enrolled.passes_the_password()
    newer = enrolled.with_browser(new_context())
    newer.passes_the_password()
    enrolled.reads("A newer sign-in asked your devices instead")
    expect(newer.page.get_by_role("heading", name="Check your phone")).to_be_visible()
