"""D-92: no log shows the secret part of an address."""

import logging

import pytest

from kauth_site.logs import SafeLine


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Forbidden: /password/reset/MQ/abc-123/", "Forbidden: /password/reset/MQ/…/"),
        ("Not Found: /password/reset/", "Not Found: /password/reset/"),
        ("Forbidden: /2fa/veto/abc-123/", "Forbidden: /2fa/veto/…/"),
        ("Forbidden: /not-me/abc.123/", "Forbidden: /not-me/…/"),
        ("Forbidden: /address/abc.123/", "Forbidden: /address/…/"),
        ("Forbidden: /manager/address/", "Forbidden: /manager/address/"),
    ],
)
def test_d92_a_mailed_link_is_logged_without_its_token(said: str, shown: str) -> None:
    kind, _, path = said.partition(": ")
    record = logging.LogRecord("x", logging.WARNING, "", 0, "%s: %s", (kind, path), None)
    assert SafeLine("{message}").format(record) == shown
