"""What an operator sees of the full mode: numbers of all processes, logs that tell no secret."""

import json
import re
from contextlib import closing

import httpx

from tests.journeys.browser import Browser
from tests.journeys.wire import connected, sign_up_and_link
from tests.services.full import METRICS_TOKEN, Full
from tests.waiting import until

LOGIN_ID, PASSWORD = "observed@example.org", "correct horse battery"


def test_one_page_tells_the_numbers_of_all_processes(full_site: Full) -> None:
    answers = full_site.metric("kauth_answers_total", decision="approve")
    connections = full_site.metric("kauth_devices_connected")
    with closing(Browser(full_site.origin)) as browser:
        device = sign_up_and_link(browser, LOGIN_ID, PASSWORD)
        with connected(full_site.origin, device) as socket:
            assert full_site.metric("kauth_devices_connected") == connections + 1
            browser.press("Log out")
            browser.press("Log in", username=LOGIN_ID, password=PASSWORD)
            assert full_site.metric("kauth_requests_open") >= 1
            socket.answer("approve")
            socket.hear()
    assert full_site.metric("kauth_answers_total", decision="approve") == answers + 1
    assert full_site.metric("kauth_answer_seconds_count") >= 1
    assert full_site.metric("kauth_database_up") == 1


def test_the_numbers_are_not_for_everybody(full_site: Full) -> None:
    pages = f"http://127.0.0.1:{full_site.site.pages_port}/metrics"
    token = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    assert httpx.get(f"{full_site.origin}/metrics", headers=token).status_code == 404
    assert httpx.get(pages, headers={"Authorization": "Bearer wrong"}).status_code == 301


def test_a_request_has_one_name_at_the_proxy_and_in_the_log(full_site: Full) -> None:
    answer = httpx.get(f"{full_site.origin}/there-is-no-such-page/")
    name = answer.headers["X-Request-ID"]
    log = full_site.site.proxy.access_log
    until(
        lambda: f" {name} " in log.read_text(), "The proxy's line, which it writes after it answers"
    )
    lines = [json.loads(line) for line in json_lines(full_site.site.pages.output())]
    mine = [line for line in lines if line["request_id"] == name]
    assert [line["message"] for line in mine] == ["Not Found: /there-is-no-such-page/"]


def json_lines(log: str) -> list[str]:
    return [line for line in log.splitlines() if line.startswith("{")]


def test_d36_d92_no_log_of_any_process_has_a_secret_of_a_journey(full_site: Full) -> None:
    with closing(Browser(full_site.origin)) as browser:
        device = sign_up_and_link(browser, "discreet@example.org", PASSWORD)
        codes = re.findall(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b", browser.text)
        with connected(full_site.origin, device) as socket:
            browser.press("Log out")
            browser.press("Log in", username="discreet@example.org", password=PASSWORD)
            socket.answer("approve")
            socket.hear()
        browser.press("I have answered")
        assert browser.path == "/manager/"
        secrets = [PASSWORD, device.token, *codes, *browser.http.cookies.values()]
    assert len(secrets) > 12
    logs = [program.output() for program in full_site.site.programs]
    logs.append(full_site.site.proxy.access_log.read_text())
    assert [secret for secret in secrets for log in logs if secret in log] == []
