"""Nothing that comes over the wire is anything but a message or a ProtocolError."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import messages
from devices.messages import Authorization
from devices.protocol import HTTP_NONCE_SIZE, ErrorCode, ProtocolError

AUTHORIZATION = Authorization(device="d-1", time=1790000000, nonce=b"n" * 16, signature=b"s" * 64)
HEADER = messages.authorization_header(AUTHORIZATION)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.none() | st.integers()))
def test_a_message_survives_writing_and_reading(message: dict[str, Any]) -> None:
    assert messages.decode(messages.encode(message)) == message


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        "\ud800",
        b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 8000,
        b'{"a":"' + b"a" * 8192 + b'"}',
    ],
)
def test_bytes_that_are_no_message_are_refused(raw: bytes | str) -> None:
    with pytest.raises(ProtocolError):
        messages.decode(raw)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_bytes_break_the_reader(raw: bytes | str) -> None:
    try:
        message: object = messages.decode(raw)
    except ProtocolError:
        return
    assert isinstance(message, dict)


@pytest.mark.parametrize("value", [None, 1, True, [], {}, b"x".hex])
def test_a_text_member_is_a_text(value: object) -> None:
    with pytest.raises(ProtocolError):
        messages.text_member({"name": value}, "name")


@pytest.mark.parametrize("value", [None, "1", 1.0, True, []])
def test_an_integer_member_is_an_integer(value: object) -> None:
    with pytest.raises(ProtocolError):
        messages.int_member({"name": value}, "name")


def test_a_bytes_member_has_its_exact_size() -> None:
    assert messages.bytes_member({"nonce": "AAAA"}, "nonce", 3) == b"\0\0\0"
    for size in (2, 4):
        with pytest.raises(ProtocolError):
            messages.bytes_member({"nonce": "AAAA"}, "nonce", size)


def test_an_authorization_survives_writing_and_reading() -> None:
    assert messages.parse_authorization(HEADER) == AUTHORIZATION
    assert len(AUTHORIZATION.nonce) == HTTP_NONCE_SIZE


@pytest.mark.parametrize(
    "header",
    [
        "",
        "KAuth",
        "Bearer abc",
        HEADER.replace("KAuth", "kauth"),
        HEADER.replace("time=1790000000,", ""),
        HEADER.replace("1790000000", "-1"),
        HEADER.replace("1790000000", "1e9"),
        HEADER.replace("1790000000", "\uff11\uff17"),
        HEADER + ",sig=AA",
        HEADER + "=",
    ],
)
def test_an_authorization_of_another_form_is_refused(header: str) -> None:
    with pytest.raises(ProtocolError):
        messages.parse_authorization(header)


def test_every_error_code_has_its_status() -> None:
    assert set(messages.HTTP_STATUS) == set(ErrorCode)
