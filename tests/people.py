"""People and their devices for tests: made by the product's own verbs, with real keys."""

from django.conf import settings

from accounts.models import User
from accounts.visitors import Visitor
from devices import claims, enrolment, keys, protocol
from devices.models import Device, Enrolment
from tests.software_device import SoftwareDevice

PASSWORD = "correct horse battery"
VISITOR = Visitor(address="203.0.113.7", browser="Firefox on Linux")
ORIGIN = "http://localhost:8000"


def make_user(login_id: str = "alice@example.org", **fields: bool) -> User:
    return User.objects.create_user(login_id, PASSWORD, **fields)


def claim_of(device: SoftwareDevice, token: bytes) -> claims.Claim:
    """What `device` sends for the link with this token, as the server has read it."""
    body = device.claim_body(protocol.link_address(settings.KAUTH_ORIGIN, token, keys.server_id()))
    return claims.Claim(
        token=token,
        key=device.public,
        name=body["name"],
        platform=body["platform"],
        nonce=protocol.unb64(body["nonce"]),
        signature=protocol.unb64(body["sig"]),
    )


def claim_link(user: User, device: SoftwareDevice) -> tuple[Enrolment, Device]:
    """An offer of `user`, claimed by `device`; the computer has not said yes yet."""
    offer, token = enrolment.offer(user=user, replaces=None)
    claim = claim_of(device, token)
    claimed = enrolment.claim(offer, claim, visitor=VISITOR, here=False)
    device.device, device.account = str(claimed.device.public_id), str(user.pk)
    return offer, claimed.device


def link_device(user: User, name: str = "Pixel 8") -> tuple[SoftwareDevice, Device]:
    """A linked device of `user`, and its row."""
    device = SoftwareDevice(name)
    offer, _ = claim_link(user, device)
    return device, enrolment.confirm(offer.pk, user=user, visitor=VISITOR)
