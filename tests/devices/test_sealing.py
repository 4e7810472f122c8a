"""Secrets at rest open for their own row and purpose only (D-49, D-87)."""

import os
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from devices import sealing
from devices.protocol import b64
from devices.sealing import SealBroken

SECRET = b"twenty bytes of seed"
OLD, NEW = (f"{name}:{b64(os.urandom(32))}" for name in ("k1", "k2"))


def test_d49_a_sealed_secret_opens_for_its_row() -> None:
    sealed = sealing.seal(SECRET, "otp", "account", "device")
    assert sealing.open_sealed(sealed, "otp", "account", "device") == SECRET


def test_d49_the_stored_form_is_version_key_id_nonce_and_ciphertext() -> None:
    sealed = sealing.seal(SECRET, "otp", "account")
    assert sealed[:1] == b"\x01"
    assert len(sealed) == 1 + 4 + 12 + len(SECRET) + 16
    assert SECRET not in sealed


@pytest.mark.parametrize(
    ("purpose", "identity"),
    [
        ("push", ("account", "device")),
        ("otp", ("account", "another device")),
        ("otp", ("another account", "device")),
        ("otp", ("device", "account")),
        ("otp", ("accountdevice",)),
        ("otp", ("account", "device", "")),
    ],
)
def test_d49_it_opens_nowhere_else(purpose: str, identity: tuple[str, ...]) -> None:
    sealed = sealing.seal(SECRET, "otp", "account", "device")
    with pytest.raises(SealBroken):
        sealing.open_sealed(sealed, purpose, *identity)


@given(st.data())
def test_d49_no_byte_of_it_can_be_changed(data: st.DataObject) -> None:
    sealed = bytearray(sealing.seal(SECRET, "otp", "row"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        sealing.open_sealed(bytes(sealed), "otp", "row")


@given(st.binary(max_size=80))
def test_bytes_that_were_never_sealed_are_refused(value: bytes) -> None:
    with pytest.raises(SealBroken):
        sealing.open_sealed(value, "otp", "row")


def test_equal_secrets_look_different_each_time() -> None:
    assert sealing.seal(SECRET, "otp", "row") != sealing.seal(SECRET, "otp", "row")


def test_d87_after_a_new_key_the_old_values_still_open(settings: Any) -> None:
    settings.KAUTH_FIELD_KEYS = OLD
    before = sealing.seal(SECRET, "otp", "row")
    settings.KAUTH_FIELD_KEYS = f"{NEW},{OLD}"
    after = sealing.seal(SECRET, "otp", "row")
    assert sealing.open_sealed(before, "otp", "row") == SECRET
    assert (sealing.is_current(before), sealing.is_current(after)) == (False, True)
    settings.KAUTH_FIELD_KEYS = NEW
    assert sealing.open_sealed(after, "otp", "row") == SECRET
    with pytest.raises(SealBroken):
        sealing.open_sealed(before, "otp", "row")


@pytest.mark.parametrize(
    "listed",
    ["", "k1", "k1:", "k1:AAAA", "long5:" + b64(bytes(32)), ":" + b64(bytes(32)), NEW + ","],
)
def test_keys_of_another_form_are_refused_in_words(settings: Any, listed: str) -> None:
    settings.KAUTH_FIELD_KEYS = listed
    with pytest.raises(ImproperlyConfigured, match="KAUTH_FIELD_KEYS"):
        sealing.seal(SECRET, "otp", "row")
