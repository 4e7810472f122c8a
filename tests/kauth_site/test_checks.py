"""What `check --deploy` says about a site that is not ready for others."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from tests.kauth_site.configured import PRODUCTION, Configure, configure

__all__ = ["configure"]

ROOT = Path(__file__).resolve().parents[2]
GOOD_REDIS = "rediss://:kept-in-a-safe@redis.example.org/0"
OTHER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


@pytest.fixture
def site(settings: Any) -> Any:
    """Settings that are ready; each test spoils one."""
    settings.SECURE, settings.EMAIL_HOST, settings.REDIS_URL = True, "mail.example.org", GOOD_REDIS
    return settings


def found() -> set[str]:
    ours = run_checks(include_deployment_checks=True)
    return {f"{one.id}: {one.msg}" for one in ours if str(one.id).startswith("kauth.")}


def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_site_that_is_ready_has_nothing_to_hear(site: Any) -> None:
    assert found() == set()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "from outside", "KAUTH_SECRET_KEY is missing or too short."),
        ("KAUTH_CODE_PEPPER", "", "KAUTH_CODE_PEPPER is missing or too short."),
        ("KAUTH_ROW_MAC_KEY", OTHER_KEY[:40], "KAUTH_ROW_MAC_KEY is missing or too short."),
        ("KAUTH_AUDIT_KEY", f"{OTHER_KEY},AAAA", "KAUTH_AUDIT_KEY is missing or too short."),
        ("KAUTH_CHANNEL_KEY", "not base64url!" * 5, "KAUTH_CHANNEL_KEY is missing or too short."),
        ("KAUTH_SERVER_KEY", "AAAA", "KAUTH_SERVER_KEY is missing or too short."),
        (
            "KAUTH_FIELD_KEYS",
            f"k2:{OTHER_KEY},k1:AAAA",
            "KAUTH_FIELD_KEYS (k1) is missing or too short.",
        ),
    ],
)
def test_d87_a_key_that_is_missing_or_short_is_named(
    site: Any, name: str, value: str, words: str
) -> None:
    setattr(site, name, value)
    assert found() == {f"kauth.E001: {words}"}


def test_d87_two_keys_that_are_equal_are_named(site: Any) -> None:
    site.KAUTH_CODE_PEPPER = site.KAUTH_ROW_MAC_KEY
    assert found() == {"kauth.E002: KAUTH_CODE_PEPPER and KAUTH_ROW_MAC_KEY are the same."}


def test_d87_a_field_key_and_the_password_of_redis_are_keys_like_others(site: Any) -> None:
    site.KAUTH_FIELD_KEYS = f"k1:{site.KAUTH_CHANNEL_KEY}"
    site.REDIS_URL = f"rediss://:{site.KAUTH_CODE_PEPPER}@redis.example.org/0"
    assert found() == {
        "kauth.E002: KAUTH_FIELD_KEYS (k1) and KAUTH_CHANNEL_KEY are the same.",
        "kauth.E002: KAUTH_CODE_PEPPER and the password in REDIS_URL are the same.",
    }


@pytest.mark.parametrize(
    "url",
    [
        "",
        "rediss://user:p4ss@redis.example.org:6380/0",
        "unix://:p4ss@/run/redis.sock?db=1",
        "unix:///run/redis.sock?password=p4ss",
        "redis://:p4ss@localhost:6379/0",
        "redis://:p4ss@[::1]/0",
    ],
)
def test_d91_a_closed_redis_is_well(site: Any, url: str) -> None:
    site.REDIS_URL = url
    assert found() == set()


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("rediss://redis.example.org/0", {"kauth.E003"}),
        ("redis://localhost/0", {"kauth.E003"}),
        ("unix:///run/redis.sock", {"kauth.E003"}),
        ("redis://:p4ss@redis.example.org/0", {"kauth.E004"}),
        ("redis://:p4ss@localhost.example.org/0", {"kauth.E004"}),
        ("redis://10.0.0.7/0", {"kauth.E003", "kauth.E004"}),
    ],
)
def test_d91_a_redis_without_password_or_in_the_clear_is_told(
    site: Any, url: str, ids: set[str]
) -> None:
    site.REDIS_URL = url
    assert {words.partition(":")[0] for words in found()} == ids


def test_plain_http_is_no_address_for_others(site: Any) -> None:
    site.SECURE = False
    assert found() == {"kauth.E005: KAUTH_ORIGIN is plain http."}


def test_a_push_service_for_tests_is_none_for_others(site: Any) -> None:
    site.KAUTH_PUSH_TEST_SERVICE = "http://127.0.0.1:5000"
    assert found() == {"kauth.E006: KAUTH_PUSH_TEST_SERVICE is set."}


def test_without_a_mail_host_there_is_a_warning(site: Any) -> None:
    site.EMAIL_HOST = ""
    assert found() == {"kauth.W001: KAUTH_EMAIL_HOST is not set."}


# --- As it is called ------------------------------------------------------------------------


def test_the_production_settings_pass(configure: Configure) -> None:
    configure(**PRODUCTION)  # sets the environment that the command below inherits
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_the_command_fails_and_shows_no_key(configure: Configure) -> None:
    site = configure(**PRODUCTION)
    configure(**PRODUCTION, KAUTH_CODE_PEPPER=site["KAUTH_ROW_MAC_KEY"])
    done = manage("check", "--deploy")
    assert done.returncode == 1
    assert "KAUTH_CODE_PEPPER and KAUTH_ROW_MAC_KEY are the same." in done.stderr
    assert site["KAUTH_ROW_MAC_KEY"] not in done.stderr


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        ({}, "keys/secret_key is missing. Restore it from your backup, or set KAUTH_SECRET_KEY."),
        ({"PORT": "many"}, "PORT must be a whole number from 1 to 65535."),
    ],
)
def test_a_start_that_cannot_be_ends_in_one_sentence(
    configure: Configure, spoiled: dict[str, str], words: str
) -> None:
    with pytest.raises(Exception, match=words.partition(" ")[0]):
        configure(secrets=False, **PRODUCTION, **spoiled)
    done = manage("migrate")
    assert done.returncode == 1
    assert done.stderr.startswith("kAuth cannot start. ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
