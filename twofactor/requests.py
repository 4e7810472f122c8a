"""The frames of a challenge: what the server signs for a device, and what the device signs back.

Everything comes from the server's own rows; of an answer only its decision and number count.
Source: docs/protocol.md, section 5.
"""

import json
import secrets
from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.visitors import Visitor
from devices import keys, protocol
from devices.models import Device
from twofactor.models import Challenge, Practice

SERVICE = "Account manager"


def new_number() -> str:
    """As many random digits as the setting says, leading zeros kept (SP 800-63B-4, 3.1.3.2)."""
    digits = settings.KAUTH_NUMBER_DIGITS
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def context_of(
    *, user: User, visitor: Visitor, service: str, new_browser: bool, practice: bool = False
) -> str:
    """What the person is shown, as JSON text; every value is in the server's own words."""
    facts = {
        "service": service,
        "login": user.login_id,
        "browser": visitor.browser,
        "ip": visitor.address,
        "place": visitor.place,
        "new_browser": new_browser,
        **({"practice": True} if practice else {}),
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def message(challenge: Challenge | Practice, device: Device) -> dict[str, Any]:
    """The `request` message for this device, signed for it alone."""
    return {
        "t": "request",
        "challenge": challenge.pk,
        "purpose": challenge.purpose,
        "match": challenge.match,
        "digits": challenge.digits,
        "created": int(challenge.created_at.timestamp()),
        "expires": int(challenge.expires_at.timestamp()),
        "context": challenge.context,
        "sig": keys.sign(request_frame(challenge, device)),
    }


def request_frame(challenge: Challenge | Practice, device: Device) -> bytes:
    return protocol.request(
        origin=settings.KAUTH_ORIGIN,
        server_id=keys.server_id(),
        challenge=challenge.pk,
        device=str(device.public_id),
        account=str(challenge.user_id),
        purpose=challenge.purpose,
        match=challenge.match,
        created=int(challenge.created_at.timestamp()),
        expires=int(challenge.expires_at.timestamp()),
        context=challenge.context,
    )


def answer_frame(
    challenge: Challenge | Practice, device: Device, *, decision: str, number: str
) -> bytes:
    return protocol.answer(
        origin=settings.KAUTH_ORIGIN,
        server_id=keys.server_id(),
        challenge=challenge.pk,
        device=str(device.public_id),
        account=str(challenge.user_id),
        purpose=challenge.purpose,
        decision=decision,
        number=number,
        expires=int(challenge.expires_at.timestamp()),
        request_frame=request_frame(challenge, device),
    )
