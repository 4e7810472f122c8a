"""Keys and signatures: one form each, everything else refused without an exception (D-26)."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from devices import p256
from devices.p256 import KeyFormatError

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEY = p256.private_from_scalar(int("11" * 32, 16))
MESSAGE = b"a frame"
SIGNATURE = p256.sign(KEY, MESSAGE)
R, S = SIGNATURE[:32], SIGNATURE[32:]
ZERO, N, BEYOND = bytes(32), ORDER.to_bytes(32, "big"), b"\xff" * 32


def test_a_signature_of_sign_verifies() -> None:
    key = p256.generate()
    assert p256.verify(key.public_key(), p256.sign(key, MESSAGE), MESSAGE)


def test_a_signature_of_another_key_or_message_fails() -> None:
    assert not p256.verify(p256.generate().public_key(), SIGNATURE, MESSAGE)
    assert not p256.verify(KEY.public_key(), SIGNATURE, MESSAGE + b".")


@pytest.mark.parametrize(
    "signature",
    [
        ZERO + S,
        R + ZERO,
        ZERO + ZERO,
        N + S,
        R + N,
        BEYOND + S,
        R + BEYOND,
        SIGNATURE[:-1],
        SIGNATURE + b"\0",
        b"",
        encode_dss_signature(int.from_bytes(R, "big"), int.from_bytes(S, "big")),
        S + R,
    ],
)
def test_d26_a_signature_of_another_form_is_false(signature: bytes) -> None:
    assert p256.verify(KEY.public_key(), signature, MESSAGE) is False


@given(st.binary(max_size=80))
def test_d26_no_bytes_make_verify_raise(signature: bytes) -> None:
    assert p256.verify(KEY.public_key(), signature, MESSAGE) is False


def test_d27_the_mirrored_signature_verifies_too_so_it_is_no_identifier() -> None:
    mirrored = R + (ORDER - int.from_bytes(S, "big")).to_bytes(32, "big")
    assert mirrored != SIGNATURE
    assert p256.verify(KEY.public_key(), mirrored, MESSAGE)


def test_a_public_key_survives_writing_and_reading() -> None:
    data = p256.public_bytes(KEY)
    assert (len(data), data[0]) == (65, 4)
    assert p256.load_public(data) == KEY.public_key()


def off_curve() -> bytes:
    data = bytearray(p256.public_bytes(KEY))
    data[-1] ^= 1
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        off_curve(),
        KEY.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint),
        b"\x06" + p256.public_bytes(KEY)[1:],
        b"\x07" + p256.public_bytes(KEY)[1:],
        b"\x04" + bytes(64),
        p256.public_bytes(KEY)[:-1],
        p256.public_bytes(KEY) + b"\0",
        b"",
        b"\0",
        ec.generate_private_key(ec.SECP256K1())
        .public_key()
        .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    ],
)
def test_d26_a_public_key_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(KeyFormatError):
        p256.load_public(data)


def test_a_private_key_survives_writing_and_reading() -> None:
    data = p256.private_to_bytes(KEY)
    assert data == b"\x11" * 32
    assert p256.public_bytes(p256.private_from_bytes(data)) == p256.public_bytes(KEY)


@pytest.mark.parametrize("data", [ZERO, N, BEYOND, b"\x11" * 31, b"\x11" * 33, b""])
def test_a_private_key_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(KeyFormatError):
        p256.private_from_bytes(data)
