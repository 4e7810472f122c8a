"""The least code that does the job: what is left when a product takes everything away."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SCHEMA = """
CREATE TABLE IF NOT EXISTS device (serial text PRIMARY KEY, key bytea NOT NULL);
CREATE TABLE IF NOT EXISTS challenge (
    id text PRIMARY KEY, serial text NOT NULL, state smallint NOT NULL DEFAULT 0,
    asked timestamptz NOT NULL DEFAULT now(), answered timestamptz, used timestamptz
);
"""


def signed(key: bytes, challenge: str, sig: str) -> bool:
    public = serialization.load_der_public_key(key)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        public.verify(bytes.fromhex(sig), challenge.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
