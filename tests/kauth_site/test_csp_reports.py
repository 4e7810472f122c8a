"""What a browser refused for the content policy is told in the log, in our words (D-98)."""

import json
from typing import Any

import pytest
from django.conf import settings

from accounts import throttling
from tests.pages import browser

pytestmark = pytest.mark.django_db

ADDRESS = "/csp-report"
OLD: dict[str, Any] = {
    "document-uri": f"{settings.KAUTH_ORIGIN}/password/reset/MQ/a-token-that-is-live/?next=secret",
    "effective-directive": "script-src-elem",
    "blocked-uri": "https://evil.example/x.js?stolen=secret",
}
NEW = {
    "documentURL": OLD["document-uri"],
    "effectiveDirective": OLD["effective-directive"],
    "blockedURL": OLD["blocked-uri"],
}
SAID = (
    "The content policy refused script-src-elem: evil.example, "
    "on the page accounts:password_reset_confirm."
)


def report(content: Any) -> int:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return browser().generic("POST", ADDRESS, body, "application/csp-report").status_code


@pytest.mark.parametrize(
    "content", [{"csp-report": OLD}, [{"type": "csp-violation", "body": NEW}]], ids=["old", "new"]
)
def test_d98_a_report_is_one_line_without_the_addresses_in_it(
    caplog: pytest.LogCaptureFixture, content: Any
) -> None:
    assert report(content) == 204
    assert caplog.messages == [SAID]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"effective-directive": "x\n2026-01-01 CRITICAL all is lost"},
        {"effective-directive": ["script-src"]},
        {"blocked-uri": "https://[::1"},
        {"blocked-uri": "https://a\x1b[31m/"},
        {"blocked-uri": 7},
        {"document-uri": "https://evil.example/"},
        {"document-uri": f"{settings.KAUTH_ORIGIN}/not/here\r\n"},
        {"document-uri": None},
    ],
)
def test_nobody_writes_words_of_their_own_into_the_log(
    caplog: pytest.LogCaptureFixture, spoiled: dict[str, Any]
) -> None:
    assert report({"csp-report": OLD | spoiled}) == 204
    (line,) = caplog.messages
    assert line.isprintable()
    assert "all is lost" not in line
    assert "[" not in line


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 5000, [], [1], {}, {"csp-report": 1}, 7])
def test_what_is_no_report_is_no_line(caplog: pytest.LogCaptureFixture, content: Any) -> None:
    assert report(content) == 204
    assert caplog.messages == []


def test_a_report_that_is_too_big_is_not_read() -> None:
    assert report(b" " * 16 * 1024) == 204
    assert report(b" " * (16 * 1024 + 1)) == 413


def test_a_flood_of_reports_is_held_back(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(throttling.REPORTS.free):
        throttling.reserve("csp-report:network:198.51.100.1", throttling.REPORTS)
    assert report({"csp-report": OLD}) == 429
    assert SAID not in caplog.messages


def test_a_report_changes_nothing_for_who_is_signed_in() -> None:
    assert browser().get(ADDRESS).status_code == 405
