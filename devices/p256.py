"""P-256 keys and signatures in the one form docs/protocol.md allows; nothing else gets past here.

A key is its 65-byte uncompressed point, a signature its 64 bytes r || s. No Django.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.protocol import KEY_SIZE, SIGNATURE_SIZE

_SCALAR_SIZE: Final = 32
_UNCOMPRESSED: Final = 0x04
_CURVE: Final = ec.SECP256R1()
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# RFC 6979: a signature needs no random number, whose repetition would give the key away.
_SIGNING: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_VERIFYING: Final = ec.ECDSA(hashes.SHA256())

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey


class KeyFormatError(ValueError):
    """These bytes are not a P-256 key in the form of docs/protocol.md."""


def generate() -> PrivateKey:
    return ec.generate_private_key(_CURVE)


def private_from_scalar(scalar: int) -> PrivateKey:
    if not 0 < scalar < _ORDER:
        raise KeyFormatError("The number is not a private key of P-256.")
    return ec.derive_private_key(scalar, _CURVE)


def private_from_bytes(data: bytes) -> PrivateKey:
    if len(data) != _SCALAR_SIZE:
        raise KeyFormatError("A private key has 32 bytes.")
    return private_from_scalar(int.from_bytes(data, "big"))


def private_to_bytes(private: PrivateKey) -> bytes:
    """The 32 bytes of the secret scalar. The caller encrypts them before they touch a disk."""
    return private.private_numbers().private_value.to_bytes(_SCALAR_SIZE, "big")


def public_bytes(private: PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def load_public(data: bytes) -> PublicKey:
    """Compressed, hybrid and off-curve points are KeyFormatError (D-26)."""
    if len(data) != KEY_SIZE or data[0] != _UNCOMPRESSED:
        raise KeyFormatError("A public key is 65 bytes and begins with 04.")
    try:
        return PublicKey.from_encoded_point(_CURVE, data)
    except ValueError as error:
        raise KeyFormatError("The public key is no point of P-256.") from error


def sign(private: PrivateKey, message: bytes) -> bytes:
    r, s = decode_dss_signature(private.sign(message, _SIGNING))
    return r.to_bytes(_SCALAR_SIZE, "big") + s.to_bytes(_SCALAR_SIZE, "big")


def verify(public: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is 64 good bytes; any other bytes are False, never an exception."""
    if len(signature) != SIGNATURE_SIZE:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    if not (0 < r < _ORDER and 0 < s < _ORDER):
        return False
    try:
        public.verify(encode_dss_signature(r, s), message, _VERIFYING)
    except InvalidSignature:
        return False
    return True
