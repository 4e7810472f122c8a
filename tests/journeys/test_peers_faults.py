"""What has gone wrong at other makers of second factors, each fault tried here."""

import base64
import json
import re
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from devices.client import totp
from tests.journeys.browser import Browser
from tests.journeys.conftest import NewMember
from tests.journeys.member import PASSWORD, Member
from tests.journeys.wire import call, link, question, send_answer, waiting_page
from tests.services.server import ServerProcess

SECOND_STEPS = ("/login/verify/", "/login/verify/code/", "/login/verify/backup-code/")
LONG_AGO = "datetime('now', '-1 hour')"
OTHER_PASSWORD = "staple battery horse"


def is_inside(browser: Browser) -> bool:
    return browser.http.get("/manager/").url.path == "/manager/"


def code_secret(member: Member) -> str:
    path = "/device/v1/provision"
    return str(call(member.origin, member.device, "POST", path).json()["totp"]["secret"])


def code_of(secret: str) -> str:
    return totp.code(base64.b32decode(secret), int(time.time()))


def expire(server: ServerProcess, member: Member) -> None:
    """The time of what waits is over, and no job has come by."""
    server.execute(
        f"UPDATE twofactor_challenge SET expires_at = {LONG_AGO}, redeem_until = {LONG_AGO} "
        "WHERE state IN ('pending', 'approved') AND user_id = ?",
        member.device.account.replace("-", ""),
    )


# --- A wrong number leaves the request open (privacyIDEA, Keycloak push extension) ----------


def test_d03_after_a_wrong_number_the_right_one_comes_too_late(inside: Member) -> None:
    elsewhere = inside.asks_in_a_new_browser()
    asked, number = question(inside.origin, inside.device), elsewhere.number()
    wrong = inside.device.answer_body(asked, "approve", f"{(int(number) + 1) % 100:02d}")
    assert send_answer(inside.origin, wrong).json()["state"] == "failed"
    right = inside.device.answer_body(asked, "approve", number)
    assert send_answer(inside.origin, right).json()["error"] == "not_pending"
    elsewhere.press("I have answered")
    assert not is_inside(elsewhere)


# --- An approval used after the account was locked or the device removed (Keycloak) ---------


def remove(member: Member, server: ServerProcess) -> None:
    member.browser.open(f"/2fa/devices/{member.device.device}/remove/")
    member.browser.press("Remove")


def lock(member: Member, server: ServerProcess) -> None:
    server.execute("UPDATE accounts_user SET is_active = 0 WHERE login_id = ?", member.login_id)


def change_password(member: Member, server: ServerProcess) -> None:
    member.browser.open("/password/change/")
    new = {"new_password1": OTHER_PASSWORD, "new_password2": OTHER_PASSWORD}
    member.browser.press("Change password", old_password=PASSWORD, **new)


@pytest.mark.parametrize("change", [remove, lock, change_password])
def test_d23_a_yes_is_void_when_what_it_stood_on_is_gone(
    inside: Member, server: ServerProcess, change: Callable[[Member, ServerProcess], None]
) -> None:
    inside.device, first = link(inside.browser), inside.device  # so that one stays linked
    elsewhere = inside.asks_in_a_new_browser()
    inside.answers("approve", elsewhere.number()).raise_for_status()
    assert elsewhere.state() == "approved"
    change(inside, server)
    elsewhere.press("I have answered")
    assert not is_inside(elsewhere)
    assert first.device != inside.device.device


# --- An empty POST passes the step (authentik CVE-2026-49448) --------------------------------


@pytest.mark.parametrize("decision", ["", "deny", "report"])
def test_d21_an_empty_post_passes_no_step(wired: Member, decision: str) -> None:
    browser = wired.browser
    wired.logs_in()
    if decision:
        wired.answers(decision).raise_for_status()
    for path in SECOND_STEPS:
        browser.open(path)
        token = {"csrfmiddlewaretoken": browser.hidden("csrfmiddlewaretoken")}
        for fields in (token, {**token, "code": ""}, {**token, "code": " "}):
            sent = browser.http.post(path, data=fields, headers={"Origin": wired.origin})
            assert sent.url.path == path
    assert not is_inside(browser)


# --- An expired thing is valid until a job cleans up (authentik CVE-2025-64708) --------------


def test_d04_a_yes_after_the_time_is_refused_though_no_job_has_run(
    wired: Member, server: ServerProcess
) -> None:
    wired.logs_in()
    asked = question(wired.origin, wired.device)
    expire(server, wired)
    ended = "SELECT strftime('%s', expires_at) FROM twofactor_challenge WHERE id = ?"
    ((moment,),) = server.execute(ended, asked["challenge"])
    signed = wired.device.answer_body({**asked, "expires": int(moment)}, "approve")
    refused = send_answer(wired.origin, signed)
    assert (refused.status_code, refused.json()["error"]) == (410, "expired")
    wired.browser.press("I have answered")
    assert not is_inside(wired.browser)


def test_d20_a_yes_that_is_used_too_late_is_void_though_no_job_has_run(
    wired: Member, server: ServerProcess
) -> None:
    wired.logs_in()
    wired.answers("approve").raise_for_status()
    expire(server, wired)
    wired.browser.press("I have answered")
    assert not is_inside(wired.browser)


def test_d35_a_link_after_its_time_is_refused_though_no_job_has_run(
    inside: Member, server: ServerProcess
) -> None:
    claim = inside.device.claim_body(inside.asks_for_a_link())
    server.execute(
        f"UPDATE devices_enrolment SET expires_at = {LONG_AGO} WHERE user_id = ?",
        inside.device.account.replace("-", ""),
    )
    refused = inside.browser.http.post("/device/v1/links", json=claim)
    assert (refused.status_code, refused.json()["error"]) == (410, "expired")


# --- Keycloak's push extension ---------------------------------------------------------------


def test_requests_that_nobody_answers_count_as_no_failed_sign_in(
    wired: Member, server: ServerProcess
) -> None:
    secret = code_secret(wired)
    for _ in range(3):
        wired.logs_in()
        expire(server, wired)
    wired.browser.open("/login/verify/code/")
    wired.browser.press("Continue", code=code_of(secret))
    assert wired.browser.path == "/manager/"
    assert not {"password_wrong", "code_wrong", "throttled"} & set(wired.history())


def test_a_question_from_before_a_removal_blocks_no_sign_in(inside: Member) -> None:
    gone, inside.device = inside.device, link(inside.browser)
    elsewhere = inside.asks_in_a_new_browser()
    asked = question(inside.origin, gone)
    inside.browser.open(f"/2fa/devices/{gone.device}/remove/")
    inside.browser.press("Remove")
    refused = send_answer(inside.origin, gone.answer_body(asked, "approve", elsewhere.number()))
    assert (refused.status_code, refused.json()["error"]) == (403, "revoked")
    inside.answers("approve", elsewhere.number()).raise_for_status()
    elsewhere.press("I have answered")
    assert is_inside(elsewhere)


def test_d80_an_answer_from_before_the_pages_socket_is_not_lost(wired: Member) -> None:
    wired.logs_in()
    wired.answers("approve").raise_for_status()
    with waiting_page(wired.browser) as page:
        page.waits_for(lambda told: told["state"] == "approved")


def test_d29_two_answers_that_race_are_taken_once_and_break_nothing(inside: Member) -> None:
    other = link(inside.browser)
    inside.browser.press("Log out")
    inside.logs_in()
    asked = [(one, question(inside.origin, one)) for one in (inside.device, other)]
    answers = [
        device.answer_body(request, decision)
        for device, request in asked
        for decision in ("approve", "deny") * 2
    ]
    with ThreadPoolExecutor(len(answers)) as senders:
        sent = list(senders.map(lambda one: send_answer(inside.origin, one), answers))
    assert {one.status_code for one in sent} == {200, 409}
    taken = [one.json()["state"] for one in sent if one.status_code == 200]
    # A NO also beats a YES that is not used yet; nothing comes after a NO.
    assert len(taken) == 1 or (len(taken) == 2 and "approved" in taken)
    inside.uses_a_backup_code()
    assert inside.history().count("answer_refused") == len(answers) - len(taken)


# --- Ordinary sign-ins throttle backup codes (django-two-factor-auth #473, django-otp #186) --


def test_neither_sign_ins_nor_wrong_codes_shut_the_backup_codes(wired: Member) -> None:
    for nth in range(6):
        wired.logs_in()
        wired.uses_a_backup_code(nth)
        assert is_inside(wired.browser)
        wired.browser.press("Log out")
    wired.logs_in()
    wired.browser.open("/login/verify/code/")
    for _ in range(6):
        wired.browser.press("Continue", code="000000")
    assert "Too many tries" in wired.browser.text
    wired.uses_a_backup_code(6)
    assert is_inside(wired.browser)


# --- Plain text in the database (django-otp, allauth's defaults) -----------------------------


def test_d49_d52_no_code_and_no_secret_stands_in_the_database(
    inside: Member, server: ServerProcess
) -> None:
    secret, address = code_secret(inside), inside.asks_for_a_link()
    inside.browser.open("/2fa/backup-codes/")
    inside.browser.press("I have saved them")
    stored = "\n".join(database(server))
    assert inside.login_id in stored, "the dump holds what the table holds"
    token = re.search(r"t=([\w-]{43})", address)
    assert token
    raw = base64.b32decode(secret)
    forms = [secret, raw.hex(), base64.b64encode(raw).decode(), token[1]]
    forms += [*inside.backup_codes, *(code.replace("-", "") for code in inside.backup_codes)]
    forms += [*(cookie.value or "" for cookie in inside.browser.http.cookies.jar)][:1]
    assert [form for form in forms if form in stored] == []


def database(server: ServerProcess) -> list[str]:
    """Every value of every table as text, bytes as hexadecimal digits and as they read."""
    tables = server.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [
        f"{value.hex()} {value!r}" if isinstance(value, bytes) else str(value)
        for (table,) in tables
        for row in server.execute(f'SELECT * FROM "{table}"')
        for value in row
    ]


# --- The password in the session (django-two-factor-auth CVE-2020-15105) ---------------------


def test_d65_the_session_between_the_steps_holds_no_password(
    wired: Member, server: ServerProcess
) -> None:
    wired.logs_in()
    sessions = [
        opened(data) for (data,) in server.execute("SELECT session_data FROM accounts_session")
    ]
    account = wired.device.account
    (mine,) = [one for one in sessions if one.get("pending_login", {}).get("user") == account]
    assert "_auth_user_id" not in mine
    assert PASSWORD not in json.dumps(mine)
    assert set(mine["pending_login"]) == {
        "user", "purpose", "auth_hash", "until", "next", "challenge", "asked"
    }  # fmt: skip


def opened(session_data: str) -> dict[str, dict[str, str]]:
    """Signed, not secret: anybody with the table reads it."""
    payload = session_data.partition(":")[0]
    data = base64.urlsafe_b64decode(payload.lstrip(".") + "==")
    return dict(json.loads(zlib.decompress(data) if payload.startswith(".") else data))


# --- /admin/login/ lets a password alone in (django-mfa3 CVE-2022-24857) ---------------------


def test_d94_the_admin_takes_no_password(wired: Member, server: ServerProcess) -> None:
    server.execute("UPDATE accounts_user SET is_staff = 1 WHERE login_id = ?", wired.login_id)
    browser = wired.browser
    browser.open("/admin/login/")
    assert browser.path == "/login/"
    token = browser.hidden("csrfmiddlewaretoken")
    fields = {"csrfmiddlewaretoken": token, "username": wired.login_id, "password": PASSWORD}
    browser.http.post("/admin/login/", data=fields, headers={"Origin": wired.origin})
    assert not is_inside(browser)
    wired.logs_in()
    assert browser.open("/admin/").url.path == "/login/", "nor after the first factor alone"


# --- The prompt shows the proxy's address, and "Approve" fails silently (bitwarden) ----------


def test_the_device_is_shown_the_network_that_the_proxy_saw(wired: Member) -> None:
    wired.logs_in()
    context = json.loads(question(wired.origin, wired.device)["context"])
    assert context["ip"] == wired.browser.network
    assert context["ip"] != "127.0.0.1"


def test_a_yes_that_is_not_taken_says_why(wired: Member) -> None:
    wired.logs_in()
    answer = wired.device.answer_body(question(wired.origin, wired.device), "approve")
    wired.browser.press("Cancel")
    refused = send_answer(wired.origin, answer).json()
    assert refused["error"] == "not_pending"
    assert "Go back to the login page" in refused["detail"]


# --- Recovery by e-mail skips the second factor (authentik #18639) ---------------------------


def test_d56_a_password_reset_skips_no_second_factor(wired: Member, server: ServerProcess) -> None:
    browser = wired.browser
    browser.open("/password/reset/")
    browser.press("Send the link", email=wired.login_id)
    mailed = re.compile(rf"To: {wired.login_id}.*?{re.escape(wired.origin)}(/password/\S+)", re.S)
    server.wait_for_output("/password/reset/")
    found = mailed.findall(server.output())
    browser.open(found[-1])
    browser.press("Change password", new_password1=OTHER_PASSWORD, new_password2=OTHER_PASSWORD)
    assert not is_inside(browser)
    browser.open("/login/")
    browser.press("Log in", username=wired.login_id, password=OTHER_PASSWORD)
    assert browser.path == "/login/verify/"
    assert not is_inside(browser)


# --- An update through a join uses one approval twice on PostgreSQL --------------------------
# Behind a row's lock, where it would show every time: tests/races/test_challenges.py.


def test_d18_a_yes_that_ten_use_at_once_lets_in_once(wired: Member, server: ServerProcess) -> None:
    entered = "SELECT COUNT(*) FROM accounts_securityevent WHERE kind = ? AND login_id = ?"
    ((before,),) = server.execute(entered, "signed_in", wired.login_id)
    wired.logs_in()
    wired.answers("approve").raise_for_status()
    sent = wired.browser.presses_at_once("I have answered", 10)
    assert [one for one in sent if one.status_code >= 500] == []
    assert server.execute(entered, "signed_in", wired.login_id) == [(before + 1,)]
    ((used,),) = server.execute(
        "SELECT COUNT(*) FROM twofactor_challenge WHERE state = 'consumed' AND user_id = ?",
        wired.device.account.replace("-", ""),
    )
    assert used == 1


# --- int() takes the digits of every alphabet, signs and underscores -------------------------


@pytest.mark.parametrize("first", ["０", "٠", "०"])
def test_d48_digits_of_other_alphabets_are_no_code(wired: Member, first: str) -> None:
    secret = code_secret(wired)
    wired.logs_in()
    wired.browser.open("/login/verify/code/")
    code = code_of(secret)
    foreign = "".join(chr(ord(first) + int(digit)) for digit in code)
    for spelling in (foreign, f"+{code[1:]}", f"{code[:2]}_{code[2:]}"):
        wired.browser.press("Continue", code=spelling)
        assert wired.browser.path == "/login/verify/code/"
    wired.browser.press("Continue", code=code_of(secret))
    assert is_inside(wired.browser)


# --- X-Forwarded-For trusted by default; success clears the address's counter (allauth) ------


def test_d62_without_a_proxy_the_header_is_the_callers_word(
    plain_server: ServerProcess, new_member: NewMember
) -> None:
    with closing(Member(plain_server.origin, new_member().folder)) as person:
        person.enrols_by_wire()
        elsewhere = person.asks_in_a_new_browser()
        context = json.loads(question(person.origin, person.device)["context"])
        assert elsewhere.network
        assert context["ip"] == "127.0.0.1"


def test_d59_an_own_success_clears_nothing_of_the_network(
    wired: Member, server: ServerProcess
) -> None:
    thief = wired.new_browser()
    wrong_password(thief, wired)
    counter = f"password:network:{thief.network}"
    server.execute("UPDATE accounts_throttle SET failures = 49 WHERE key = ?", counter)
    wired.logs_in(thief)
    assert thief.path == "/login/verify/"
    assert server.execute("SELECT failures FROM accounts_throttle WHERE key = ?", counter) == [
        (49,)
    ]
    wrong_password(thief, wired)
    wired.logs_in(thief)
    assert thief.path == "/login/", "the network has used up its tries"


def wrong_password(browser: Browser, member: Member) -> None:
    browser.open("/login/")
    browser.press("Log in", username=member.login_id, password="wrong horse battery")
