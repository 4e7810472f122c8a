"""Every published vector, and what no frame and no link may let through (D-24)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import p256, protocol
from devices.protocol import ProtocolError, b64, parse_link, unb64
from tests.devices.vectors import (
    DEVICE_KEY,
    FRAMES,
    INPUTS,
    SERVER_KEY,
    SIGNED_BY_SERVER,
    VECTORS,
)

NAMES = sorted(FRAMES)
SIGNED = sorted(name for name in FRAMES if VECTORS["frames"][name]["signature"])
ORIGIN = INPUTS["origin"]
GOOD_LINK = f"{ORIGIN}/app/link#v=1&t={INPUTS['token']}&s={INPUTS['server_id']}"


def built(name: str) -> bytes:
    builder, fields = FRAMES[name]
    return bytes(builder(**fields))


def signer(name: str) -> p256.PrivateKey:
    return SERVER_KEY if name in SIGNED_BY_SERVER else DEVICE_KEY


def test_every_published_vector_is_tested() -> None:
    assert sorted(VECTORS["frames"]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_d24_frame_has_the_published_bytes(name: str) -> None:
    assert built(name).hex() == VECTORS["frames"][name]["frame_hex"]


@pytest.mark.parametrize("name", NAMES)
def test_d24_frame_has_the_published_hash(name: str) -> None:
    assert protocol.sha256(built(name)).hex() == VECTORS["frames"][name]["sha256_hex"]


@pytest.mark.parametrize("name", SIGNED)
def test_d24_signature_is_the_published_one(name: str) -> None:
    assert b64(p256.sign(signer(name), built(name))) == VECTORS["frames"][name]["signature"]


@pytest.mark.parametrize("name", SIGNED)
def test_d24_published_signature_verifies(name: str) -> None:
    signature = unb64(VECTORS["frames"][name]["signature"])
    assert p256.verify(signer(name).public_key(), signature, built(name))


def test_keys_and_server_id_are_the_published_ones() -> None:
    assert b64(p256.public_bytes(DEVICE_KEY)) == INPUTS["device_key"]
    assert b64(p256.public_bytes(SERVER_KEY)) == INPUTS["server_key"]
    assert b64(protocol.server_id(unb64(INPUTS["server_key"]))) == INPUTS["server_id"]


def test_check_number_is_the_published_one_with_its_leading_zero() -> None:
    assert protocol.check_number(built("link-check")) == VECTORS["check_number"] == "069804"


def other_value(value: bytes | str | int, data: st.DataObject) -> Any:
    others: st.SearchStrategy[Any]
    if isinstance(value, bytes):
        others = st.binary(max_size=200)
    elif isinstance(value, str):
        others = st.text(st.characters(codec="utf-8"), max_size=200)
    else:
        others = st.integers(0, 2**64 - 1)
    return data.draw(others.filter(lambda other: other != value))


@given(st.sampled_from(SIGNED), st.data())
def test_d24_a_signature_fails_when_any_field_is_another(name: str, data: st.DataObject) -> None:
    builder, fields = FRAMES[name]
    field = data.draw(st.sampled_from(sorted(fields)))
    spoiled = builder(**{**fields, field: other_value(fields[field], data)})
    signature = unb64(VECTORS["frames"][name]["signature"])
    assert not p256.verify(signer(name).public_key(), signature, spoiled)


@given(st.sampled_from(SIGNED), st.data())
def test_d24_a_signature_fails_when_any_bit_is_flipped(name: str, data: st.DataObject) -> None:
    spoiled = bytearray(built(name))
    position = data.draw(st.integers(0, len(spoiled) - 1))
    spoiled[position] ^= 1 << data.draw(st.integers(0, 7))
    signature = unb64(VECTORS["frames"][name]["signature"])
    assert not p256.verify(signer(name).public_key(), signature, bytes(spoiled))


@given(st.lists(st.binary(max_size=20)), st.lists(st.binary(max_size=20)))
def test_d24_two_lists_of_fields_never_share_a_frame(one: list[bytes], two: list[bytes]) -> None:
    frames = (protocol.frame("kauth/v1/x", *one), protocol.frame("kauth/v1/x", *two))
    assert (frames[0] == frames[1]) == (one == two)


@pytest.mark.parametrize("label", ["", "kauth/v2/request", "other", "kauth/v1/é"])
def test_frame_refuses_a_foreign_label(label: str) -> None:
    with pytest.raises(ProtocolError):
        protocol.frame(label, b"")


def test_frame_refuses_what_its_lengths_cannot_say() -> None:
    with pytest.raises(ProtocolError):
        protocol.frame("kauth/v1/x", b"a" * 65536)
    with pytest.raises(ProtocolError):
        protocol.frame("kauth/v1/x", *[b""] * 256)


@pytest.mark.parametrize("number", [-1, 2**64])
def test_u64_refuses_what_eight_bytes_cannot_hold(number: int) -> None:
    with pytest.raises(ProtocolError):
        protocol.u64(number)


def test_a_frame_refuses_half_a_character() -> None:
    builder, fields = FRAMES["link-device"]
    with pytest.raises(ProtocolError):
        builder(**{**fields, "name": "\ud800"})


@given(st.binary(max_size=100))
def test_unb64_reads_what_b64_wrote(data: bytes) -> None:
    assert unb64(b64(data)) == data


@given(st.text(st.sampled_from("AQgwZ_-=+/ \n9"), max_size=12))
def test_unb64_accepts_one_spelling_of_each_value_only(text: str) -> None:
    try:
        data = unb64(text)
    except ProtocolError:
        return
    assert b64(data) == text


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q+", "Q/", "QQ\n", " QQ", "QQé", "QQ="])
def test_unb64_refuses_padding_spare_bits_and_foreign_characters(text: str) -> None:
    with pytest.raises(ProtocolError):
        unb64(text)


def test_a_link_survives_writing_and_reading() -> None:
    link = parse_link(GOOD_LINK)
    assert (link.origin, b64(link.token)) == (ORIGIN, INPUTS["token"])
    assert protocol.link_address(link.origin, link.token, link.server_id) == GOOD_LINK


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:8000",
        "http://127.0.0.1:1",
        "http://localhost",
        "https://a-b.example.org:8443",
        "https://[2001:db8::1]",
    ],
)
def test_a_link_may_come_from(origin: str) -> None:
    assert parse_link(GOOD_LINK.replace(ORIGIN, origin)).origin == origin


@pytest.mark.parametrize(
    "origin",
    [
        "http://auth.example.org",
        "http://localhost.example.org",
        "http://127.0.0.2",
        "https://auth.example.org:443",
        "http://localhost:80",
        "https://auth.example.org:99999",
        "https://auth.example.org:08",
        "https://auth.example.org/",
        "https://AUTH.example.org",
        "HTTPS://auth.example.org",
        "https://me@auth.example.org",
        "https://auth.exämple.org",
        "https://auth.example.org\n",
        "https://auth..example.org",
        f"https://{'a' * 64}.example.org",
        "ftp://auth.example.org",
        "https://",
        "",
    ],
)
def test_a_link_may_not_come_from(origin: str) -> None:
    with pytest.raises(ProtocolError):
        parse_link(GOOD_LINK.replace(ORIGIN, origin))


@pytest.mark.parametrize(
    ("good", "spoiled", "words"),
    [
        ("v=1", "v=2", "version"),
        ("v=1&", "", "version"),
        ("/app/link", "/app/", "/app/link"),
        ("/app/link", "/app/link?t=1", "/app/link"),
        ("#", "", "/app/link"),
        (GOOD_LINK[GOOD_LINK.index("#") :], "", "Copy the whole link"),
        ("&s=", "&x=", "Copy the whole link"),
        ("v=1&t=", "v=1&t=AA", "base64url"),
        (INPUTS["token"], INPUTS["token"][:-3], "cut off"),
        ("v=1", "v=1&v=1", "Copy the whole link"),
        ("v=1", "v=1&rest", "Copy the whole link"),
    ],
)
def test_a_damaged_link_is_refused_in_words(good: str, spoiled: str, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        parse_link(GOOD_LINK.replace(good, spoiled))


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader_of_links(text: str) -> None:
    for address in (text, f"{ORIGIN}/app/link#{text}"):
        try:
            link = parse_link(address)
        except ProtocolError:
            continue
        assert len(link.token) == protocol.TOKEN_SIZE
