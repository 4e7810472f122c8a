"""A security key in software: makes what a browser and a key send, as WebAuthn level 3 has it."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

from accounts.models import User
from devices.protocol import b64, unb64
from tests.people import VISITOR
from twofactor import security_keys

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ORIGIN, RP_ID = "http://localhost:8000", "localhost"


@dataclass
class SoftwareKey:
    """What a test spoils is an attribute; all else is as a good key does it."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    flags: int = PRESENT | VERIFIED
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user_handle: bytes | None = None

    def make(self, options: str) -> str:
        """The answer to navigator.credentials.create()."""
        asked = json.loads(options)
        self.user_handle = unb64(asked["user"]["id"])
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        made = {
            "fmt": "none",
            "attStmt": {},
            "authData": self._data(ATTESTED) + attested + self._public(),
        }
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", asked["challenge"]),
            attestationObject=encode_cbor(made),
            transports=["usb"],
        )

    def sign(self, options: str) -> str:
        """The answer to navigator.credentials.get(); the key counts its uses."""
        self.count += 1
        client_data = self._client_data("webauthn.get", json.loads(options)["challenge"])
        data = self._data()
        digest = hashlib.sha256(client_data).digest()
        return self._answer(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=self.private.sign(data + digest, ec.ECDSA(hashes.SHA256())),
            userHandle=self.user_handle,
        )

    def _client_data(self, kind: str, challenge: str) -> bytes:
        facts = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(facts).encode()

    def _data(self, flags: int = 0) -> bytes:
        name = hashlib.sha256(self.rp_id.encode()).digest()
        return name + bytes([self.flags | flags]) + self.count.to_bytes(4, "big")

    def _public(self) -> bytes:
        point = self.private.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _answer(self, **response: Any) -> str:
        name = b64(self.credential_id)
        coded = {k: b64(v) if isinstance(v, bytes) else v for k, v in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": coded})


def add_key(user: User) -> SoftwareKey:
    """A key of `user`, added by the product's own verbs."""
    key = SoftwareKey()
    answer = key.make(security_keys.registration_options(user, binding="b"))
    security_keys.register(user, answer=answer, name="", binding="b", visitor=VISITOR)
    return key
