"""The main journey, whole: the real server process, the real command-line device, and HTTP."""

import json
from contextlib import closing

import pytest

from devices.client.errors import ExitCode
from tests.journeys.conftest import NewMember
from tests.journeys.member import BACKUP_CODE, PASSWORD, QUESTION, Member
from tests.journeys.wire import waiting_page
from tests.services.server import ServerProcess

# --- Linking ------------------------------------------------------------------------------


def test_a_person_signs_up_and_links_a_device(new_member: NewMember) -> None:
    person = new_member()
    person.signs_up()
    assert person.browser.path == "/manager/"
    linking = person.phone.link(person.asks_for_a_link())
    linking.shows("Check number")
    person.browser.press("I have scanned it")
    assert "Pixel 8" in person.browser.text
    assert f"({person.browser.number()})" in linking.output
    person.browser.press("Yes, this is my device")
    assert person.browser.path == "/2fa/backup-codes/"
    assert linking.ended() == ExitCode.DONE
    codes = BACKUP_CODE.findall(person.browser.text)
    assert len(set(codes)) == 10
    assert BACKUP_CODE.findall(linking.output) == codes


def test_a_device_that_the_computer_refuses_is_not_linked(new_member: NewMember) -> None:
    person = new_member()
    person.signs_up()
    linking = person.phone.link(person.asks_for_a_link())
    linking.shows("Check number")
    person.browser.press("I have scanned it")
    person.browser.press("No")
    assert linking.ended() == ExitCode.NOT_CONFIRMED
    assert "No account is linked here" in person.phone.accounts()
    assert "Your password alone opens this account" in person.browser.open("/2fa/").text


# --- Yes, no, and not me ------------------------------------------------------------------


def test_yes_leads_to_where_the_person_wanted_to_go(member: Member) -> None:
    listening = member.phone.listen("--once")
    member.logs_in(on_the_way_to="/2fa/")
    assert member.browser.path == "/login/verify/"
    with waiting_page(member.browser) as page:
        page.waits_for(lambda told: told["line"] == "On screen at “Pixel 8”")
        listening.types("y")
        page.waits_for(lambda told: told["state"] == "approved")
    assert listening.ended() == ExitCode.DONE
    member.browser.press("I have answered")
    assert member.browser.path == "/2fa/"
    assert "On, with 1 device and 10 backup codes" in member.browser.text


def test_no_ends_the_request_and_signs_nobody_in(member: Member) -> None:
    listening = member.is_asked("--once", "--no")
    assert listening.ended() == ExitCode.DENIED
    assert member.browser.state() == "denied"
    member.browser.press("I have answered")
    assert "Not approved" in member.browser.text
    assert member.browser.open("/manager/").url.path == "/login/"


def test_not_me_mails_the_person_and_demands_a_new_password(
    member: Member, server: ServerProcess
) -> None:
    listening = member.is_asked("--once", "--report")
    assert listening.ended() == ExitCode.DENIED
    assert member.browser.state() == "denied"
    server.wait_for_output("You said that a sign-in was not yours")
    member.browser.open("/login/verify/backup-code/")
    member.browser.press("Continue", code=member.backup_codes[0])
    assert member.browser.path == "/password/change/"
    changed = {"new_password1": PASSWORD + " staple", "new_password2": PASSWORD + " staple"}
    member.browser.press("Change password", old_password=PASSWORD, **changed)
    assert member.browser.path == "/manager/"


def test_a_yes_that_nobody_waited_for_is_found_by_asking(member: Member) -> None:
    """The device answers before the page has opened a socket or asked once."""
    listening = member.phone.listen("--once", "--yes")
    member.logs_in()
    assert listening.ended() == ExitCode.DONE
    assert member.browser.open("/login/verify/").status_code == 200
    member.browser.press("I have answered")
    assert member.browser.path == "/manager/"


# --- The number ---------------------------------------------------------------------------


def test_a_browser_that_is_new_shows_a_number_to_type_on_the_device(member: Member) -> None:
    listening, elsewhere = member.phone.listen("--once"), member.new_browser()
    member.logs_in(elsewhere)
    listening.shows("NEW BROWSER")
    listening.types("y")
    listening.types(elsewhere.number())
    assert listening.ended() == ExitCode.DONE
    elsewhere.press("I have answered")
    assert elsewhere.path == "/manager/"


def test_a_wrong_number_ends_the_request(member: Member) -> None:
    listening, elsewhere = member.phone.listen("--once"), member.new_browser()
    member.logs_in(elsewhere)
    listening.shows("NEW BROWSER")
    listening.types("y")
    listening.types("10" if elsewhere.number() != "10" else "11")
    assert listening.ended() == ExitCode.REFUSED
    assert elsewhere.state() == "denied"
    elsewhere.press("I have answered")
    assert elsewhere.open("/manager/").url.path == "/login/"


# --- Codes --------------------------------------------------------------------------------


def test_a_code_of_the_device_signs_in(new_member: NewMember) -> None:
    member = new_member()
    member.signs_up()
    member.links()
    member.browser.press("Log out")
    member.logs_in()
    member.browser.open("/login/verify/code/")
    member.browser.press("Continue", code=member.phone.code())
    assert member.browser.path == "/manager/"


def test_a_backup_code_signs_in_once(member: Member) -> None:
    for tries in range(2):
        member.logs_in()
        member.browser.open("/login/verify/backup-code/")
        member.browser.press("Continue", code=member.backup_codes[0])
        assert member.browser.path == ["/manager/", "/login/verify/backup-code/"][tries]
        if tries == 0:
            assert "9 backup codes" in member.browser.text
            member.browser.press("Log out")


# --- Again, cancelled, and two at once ----------------------------------------------------


def test_send_again_asks_anew_and_withdraws_the_first(member: Member) -> None:
    listening = member.is_asked()
    member.browser.press("Send again")
    listening.shows("superseded")
    listening.shows(QUESTION, times=2)
    listening.types("y")
    listening.shows("Approved.")
    member.browser.press("I have answered")
    assert member.browser.path == "/manager/"


def test_cancel_takes_the_question_back(member: Member) -> None:
    listening = member.is_asked("--once")
    member.browser.press("Cancel")
    assert member.browser.path == "/login/"
    assert listening.ended() == ExitCode.OVER
    assert "it was cancelled on the login page" in listening.output
    assert member.browser.state() == "over"


def test_of_two_browsers_the_newer_asks_and_the_older_page_says_so(member: Member) -> None:
    listening, newer = member.is_asked(), member.new_browser()
    member.logs_in(newer)
    assert member.browser.state() == "superseded"
    listening.shows("NEW BROWSER")
    listening.types("y")
    listening.types(newer.number())
    listening.shows("Approved.")
    member.browser.press("I have answered")
    assert "A newer sign-in asked your devices instead" in member.browser.text
    assert member.browser.path == "/login/verify/"
    newer.press("I have answered")
    assert newer.path == "/manager/"


# --- Removal and recovery -----------------------------------------------------------------


def test_a_removed_device_deletes_the_account_and_2fa_is_off(member: Member) -> None:
    listening = member.is_asked("--yes")
    listening.shows("Approved.")
    member.browser.press("I have answered")
    member.browser.open("/2fa/")
    member.browser.follow("Remove")
    assert "This is your last method" in member.browser.text
    member.browser.press("Remove")
    assert listening.ended() == ExitCode.REVOKED
    assert "No account is linked here" in member.phone.accounts()
    member.browser.press("Log out")
    member.logs_in()
    assert member.browser.path == "/manager/"


def test_after_a_reset_a_help_desk_code_leads_to_a_new_device_and_nowhere_else(
    member: Member, server: ServerProcess
) -> None:
    listening = member.phone.listen()
    done = server.manage("twofactor", "reset", member.login_id, "--json")
    assert listening.ended() == ExitCode.REVOKED
    member.logs_in()
    assert member.browser.path == "/login/verify/backup-code/"
    member.browser.press("Continue", code=json.loads(done.stdout)["code"])
    assert member.browser.path == "/2fa/"
    assert member.browser.open("/manager/").url.path == "/2fa/"
    member.links()
    assert len(set(member.backup_codes)) == 10
    assert member.browser.open("/manager/").url.path == "/manager/"


# --- Servers that come and go -------------------------------------------------------------


def test_one_device_answers_for_two_servers(
    member: Member, plain_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with closing(Member(plain_server.origin, tmp_path_factory.mktemp("second"))) as there:
        there.signs_up()
        there.links(member.phone)
        there.phone = member.phone
        there.browser.press("Log out")
        listening = member.phone.listen("--yes")
        listening.shows("Connected to", times=2)
        for one in (member, there):
            one.logs_in()
        listening.shows("Approved.", times=2)
        for one in (member, there):
            one.browser.press("I have answered")
            assert one.browser.path == "/manager/"


def test_a_restart_of_the_server_in_mid_wait_loses_nothing(
    member: Member, server: ServerProcess
) -> None:
    listening = member.is_asked("--once")
    listening.shows(QUESTION)
    server.stop()
    server.start()
    assert member.browser.state() == "pending"
    listening.types("y")
    assert listening.ended() == ExitCode.DONE
    member.browser.press("I have answered")
    assert member.browser.path == "/manager/"
