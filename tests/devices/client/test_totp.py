"""The codes are those of RFC 6238, and only of the kind that the protocol names."""

import base64
from typing import Any

import pytest

from devices.client import totp
from devices.protocol import ProtocolError

SECRET = b"12345678901234567890"
# RFC 6238, appendix B, SHA-1: its codes of 8 digits, of which 6 digits are the last six.
RFC_6238 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
GOOD = {
    "secret": base64.b32encode(SECRET).decode(),
    "algorithm": "SHA1",
    "digits": 6,
    "period": 30,
}


@pytest.mark.parametrize(("time", "code"), RFC_6238)
def test_codes_are_those_of_the_standard(time: int, code: str) -> None:
    assert totp.code(SECRET, time) == code[-6:]


def test_a_code_lives_until_its_half_minute_is_over() -> None:
    assert [totp.seconds_left(time) for time in (0, 1, 29, 30)] == [30, 29, 1, 30]
    assert totp.code(SECRET, 30) == totp.code(SECRET, 59) != totp.code(SECRET, 60)


@pytest.mark.parametrize("padding", ["", "=" * 6])
def test_the_secret_is_read_with_and_without_padding(padding: str) -> None:
    secret = base64.b32encode(b"1" * 16).decode().rstrip("=")
    assert totp.secret_of({"totp": GOOD | {"secret": secret + padding}}) == b"1" * 16


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"totp": None},
        {"totp": GOOD | {"algorithm": "SHA256"}},
        {"totp": GOOD | {"digits": 8}},
        {"totp": GOOD | {"period": 60}},
        {"totp": GOOD | {"secret": "0189"}},
        {"totp": GOOD | {"secret": ""}},
        {"totp": GOOD | {"secret": 7}},
    ],
)
def test_codes_of_another_kind_are_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        totp.secret_of(answer)
