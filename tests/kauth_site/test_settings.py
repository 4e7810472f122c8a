"""What the environment makes of the settings, and which defaults are safe."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from kauth_site import celery_app
from kauth_site.secret_files import MAKERS, SecretFileError
from tests.kauth_site.configured import PRODUCTION, Configure, configure

__all__ = ["configure"]


# --- Embedded and full mode ---------------------------------------------------------------


def test_without_an_environment_everything_is_in_one_process(configure: Configure) -> None:
    site = configure()
    database = site["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert site["CHANNEL_LAYERS"]["default"]["BACKEND"].endswith("EmbeddedChannelLayer")
    assert site["CELERY_TASK_ALWAYS_EAGER"] is True
    assert site["KAUTH_ORIGIN"] == "http://localhost:8000"
    assert site["KAUTH_SIGNUP"] == "closed"
    assert site["KAUTH_TRUSTED_PROXIES"] == 0
    assert site["KAUTH_NUMBER_MATCHING"] == "new-browser"


def test_a_fresh_installation_makes_its_own_secrets(configure: Configure) -> None:
    site = configure(secrets=False)
    assert len(site["SECRET_KEY"]) == 64
    assert len({site[f"KAUTH_{name.upper()}"] for name in MAKERS if name != "secret_key"}) == 7


def test_a_shared_database_never_gets_secrets_made_up_on_the_quiet(configure: Configure) -> None:
    with pytest.raises(SecretFileError, match="set KAUTH_SECRET_KEY"):
        configure(secrets=False, **PRODUCTION)


def test_a_secret_in_the_environment_wins_over_its_file(configure: Configure) -> None:
    assert configure(KAUTH_SECRET_KEY="from outside")["SECRET_KEY"] == "from outside"


def test_d91_the_full_mode_encrypts_what_goes_through_redis(configure: Configure) -> None:
    site = configure(**PRODUCTION)
    config = site["CHANNEL_LAYERS"]["default"]["CONFIG"]
    assert config["url"] == PRODUCTION["REDIS_URL"]
    assert config["symmetric_encryption_keys"] == [site["KAUTH_CHANNEL_KEY"]]
    assert site["CELERY_BROKER_URL"] == PRODUCTION["REDIS_URL"]
    assert site["CELERY_TASK_ALWAYS_EAGER"] is False


def test_d90_tasks_and_sessions_are_json_and_tasks_leave_no_results(configure: Configure) -> None:
    site = configure(**PRODUCTION)
    assert site["CELERY_TASK_SERIALIZER"] == "json"
    assert site["CELERY_ACCEPT_CONTENT"] == ["json"]
    assert site["CELERY_TASK_IGNORE_RESULT"] is True
    assert "CELERY_RESULT_BACKEND" not in site
    assert site["SESSION_SERIALIZER"].endswith("JSONSerializer")


def test_postgresql_is_reached_through_a_pool(configure: Configure) -> None:
    database = configure(**PRODUCTION)["DATABASES"]["default"]
    assert database["OPTIONS"]["pool"]["max_size"] == 20
    assert database["CONN_MAX_AGE"] == 0


def test_without_a_mail_host_mail_is_printed(configure: Configure) -> None:
    assert configure()["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert configure(KAUTH_EMAIL_HOST="mail.example")["EMAIL_BACKEND"].endswith("smtp.EmailBackend")


# --- Safe whatever the environment says ---------------------------------------------------


@pytest.mark.parametrize("environment", [{}, {"DEBUG": "True", "DJANGO_DEBUG": "1"}, PRODUCTION])
def test_debug_is_never_on(configure: Configure, environment: dict[str, str]) -> None:
    assert configure(**environment)["DEBUG"] is False


def test_d67_cookies_are_bound_to_this_very_host(configure: Configure) -> None:
    site = configure(**PRODUCTION)
    assert site["SESSION_COOKIE_NAME"] == "__Host-session"
    assert site["CSRF_COOKIE_NAME"] == "__Host-csrf"
    for kind in ("SESSION", "CSRF"):
        assert site[f"{kind}_COOKIE_SECURE"] is True
        assert site[f"{kind}_COOKIE_HTTPONLY"] is True
        assert site[f"{kind}_COOKIE_SAMESITE"] == "Lax"
        assert f"{kind}_COOKIE_DOMAIN" not in site


def test_over_plain_http_cookies_do_without_what_browsers_would_refuse(
    configure: Configure,
) -> None:
    site = configure()
    assert site["SESSION_COOKIE_NAME"] == "session"
    assert site["SESSION_COOKIE_SECURE"] is site["SECURE_SSL_REDIRECT"] is False


@pytest.mark.parametrize(
    ("proxies", "believed"), [("0", None), ("1", ("HTTP_X_FORWARDED_PROTO", "https"))]
)
def test_d62_only_a_counted_proxy_says_that_the_visitor_came_by_https(
    configure: Configure, proxies: str, believed: Any
) -> None:
    site = configure(KAUTH_TRUSTED_PROXIES=proxies, **PRODUCTION)
    assert site["SECURE_PROXY_SSL_HEADER"] == believed


def test_d66_the_session_is_not_saved_at_every_request(configure: Configure) -> None:
    """Else a cache in between could be brought to keep a cookie (CVE-2026-35192)."""
    assert configure(**PRODUCTION).get("SESSION_SAVE_EVERY_REQUEST", False) is False


def test_d104_new_passwords_are_hashed_with_argon2id_alone(configure: Configure) -> None:
    site = configure()
    assert site["PASSWORD_HASHERS"] == ["accounts.hashers.SitePasswordHasher"]
    assert site["KAUTH_PASSWORD_HASH_MEMORY"] == 46 * 1024


def test_port_80_goes_without_saying(configure: Configure) -> None:
    assert configure(PORT="80")["KAUTH_ORIGIN"] == "http://localhost"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAUTH_ORIGIN", "http://auth.example.org"),
        ("KAUTH_SIGNUP", "yes"),
        ("KAUTH_NUMBER_MATCHING", "sometimes"),
        ("KAUTH_NUMBER_DIGITS", "1"),
        ("KAUTH_CHALLENGE_SECONDS", "3600"),
        ("KAUTH_TRUSTED_PROXIES", "all"),
        ("KAUTH_PASSWORD_HASH_MEMORY", "8"),
        ("KAUTH_LOG_LEVEL", "LOUD"),
        ("PORT", "99999"),
    ],
)
def test_a_value_that_does_not_fit_stops_the_start(
    configure: Configure, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        configure(**{name: value})


def test_a_unix_socket_of_redis_has_its_other_name_in_celery(configure: Configure) -> None:
    site = configure(REDIS_URL="unix://:p4ss@/run/redis.sock")
    assert site["CELERY_BROKER_URL"] == "redis+socket://:p4ss@/run/redis.sock"


def test_the_queue_of_the_embedded_mode_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with celery_app.connection_for_write() as queue:
        queue.info()
    assert not caplog.records
