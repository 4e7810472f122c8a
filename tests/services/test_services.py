"""The private services are real, closed to strangers, and leave nothing behind."""

import psycopg
import pytest
import redis as client

from tests.services import processes


def test_postgresql_answers(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("SELECT current_setting('server_encoding')").fetchone()
    assert row == ("UTF8",)


def test_redis_answers_who_knows_the_password(redis_url: str) -> None:
    with client.Redis.from_url(redis_url) as connection:
        assert connection.ping()


def test_redis_refuses_who_does_not(redis_url: str) -> None:
    address = redis_url.rpartition("@")[2]
    stranger = client.Redis.from_url(f"redis://{address}")
    with stranger, pytest.raises(client.AuthenticationError):
        stranger.ping()


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(processes.MissingProgramError, match="apt-get install chromium"):
        processes.find("no-such-browser", package="chromium")
