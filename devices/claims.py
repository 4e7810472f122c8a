"""A claim of a link and the proofs around it (docs/protocol.md, section 3). Changes no row."""

from dataclasses import dataclass

from django.conf import settings

from devices import keys, p256, protocol
from devices.exceptions import BadRequest, Unauthenticated
from devices.models import Device


@dataclass(frozen=True)
class Claim:
    """What a device sends to claim a link; lengths are those of the protocol."""

    token: bytes
    key: bytes
    name: str
    platform: str
    nonce: bytes
    signature: bytes


def check(claim: Claim, token_hash: bytes) -> None:
    """Only who holds the private key can have signed this claim of this offer, here, now."""
    try:
        public = p256.load_public(claim.key)
    except p256.KeyFormatError as error:
        raise BadRequest(str(error)) from error
    frame = protocol.link_device(
        origin=settings.KAUTH_ORIGIN,
        server_id=keys.server_id(),
        token_hash=token_hash,
        key=claim.key,
        name=claim.name,
        nonce_device=claim.nonce,
    )
    if not p256.verify(public, claim.signature, frame):
        raise Unauthenticated


def check_number(claim: Claim, token_hash: bytes, nonce_server: bytes) -> str:
    """The six digits that the device and the computer both show."""
    return protocol.check_number(
        protocol.link_check(
            origin=settings.KAUTH_ORIGIN,
            server_id=keys.server_id(),
            token_hash=token_hash,
            key=claim.key,
            nonce_device=claim.nonce,
            nonce_server=nonce_server,
        )
    )


def answer(device: Device, claim: Claim, token_hash: bytes, nonce_server: bytes) -> str:
    """The server's signature over the claim that it took."""
    return keys.sign(
        protocol.link_server(
            origin=settings.KAUTH_ORIGIN,
            server_id=keys.server_id(),
            token_hash=token_hash,
            key=claim.key,
            device=str(device.public_id),
            account=str(device.user_id),
            nonce_device=claim.nonce,
            nonce_server=nonce_server,
        )
    )
