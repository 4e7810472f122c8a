"""From SQLite to PostgreSQL: nobody links anew, and nothing is lost."""

from contextlib import closing

from tests.journeys.browser import Browser
from tests.journeys.wire import connected, sign_up_and_link
from tests.services import postgresql
from tests.services import server as site
from tests.services.available import available_or_said

LOGIN_ID = "mover@example.org"
PASSWORD = "correct horse battery"


def test_after_the_move_to_postgresql_the_same_device_opens_the_same_account() -> None:
    with (
        available_or_said(),
        postgresql.running() as url,
        site.running(KAUTH_NUMBER_MATCHING="never") as server,
        closing(Browser(server.origin)) as browser,
    ):
        device = sign_up_and_link(browser, LOGIN_ID, PASSWORD)
        server.stop()
        server.environment["DATABASE_URL"] = url
        assert server.manage("migrate").returncode == 0
        moved = server.manage("move_database")
        assert moved.returncode == 0, moved.stderr
        assert "accounts_user: 1\n" in moved.stdout
        again = server.manage("move_database")
        assert again.returncode == 1
        assert "The new database is not empty" in again.stderr
        server.start()
        browser.open("/2fa/")
        assert browser.path == "/2fa/"  # still signed in
        browser.press("Log out")
        browser.open("/login/")
        browser.press("Log in", username=LOGIN_ID, password=PASSWORD)
        with connected(server.origin, device) as socket:
            socket.answer("approve")
            assert socket.hear()["ok"] is True
        browser.press("I have answered")
        assert browser.path == "/manager/"
        with closing(Browser(server.origin)) as other:
            sign_up_and_link(other, "new@example.org", PASSWORD)  # new rows find numbers
        assert server.manage("audit", "verify").returncode == 0
