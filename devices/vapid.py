"""The site's key for Web Push (RFC 8292), by which push services know who sends.

It signs for push services and nothing else. Without one no browser can ask to be woken.
"""

import functools
import json
import time
from email.utils import parseaddr

from django.conf import settings

from devices import p256, protocol

LIFE = 3600  # a day at most, says the RFC


@functools.lru_cache(maxsize=2)
def _private(encoded: str) -> p256.PrivateKey:
    return p256.private_from_bytes(protocol.unb64(encoded))


def public() -> str:
    """The public key as browsers subscribe with it; empty where the site has none."""
    if not settings.KAUTH_VAPID_KEY:
        return ""
    return protocol.b64(p256.public_bytes(_private(settings.KAUTH_VAPID_KEY)))


def authorization(audience: str) -> str:
    """The header for one message to the push service whose origin is `audience`."""
    claims = {"aud": audience, "exp": int(time.time()) + LIFE, "sub": _contact()}
    signed = f"{_part({'typ': 'JWT', 'alg': 'ES256'})}.{_part(claims)}"
    signature = p256.sign(_private(settings.KAUTH_VAPID_KEY), signed.encode())
    return f"vapid t={signed}.{protocol.b64(signature)}, k={public()}"


def _contact() -> str:
    """Whom a push service may ask about our messages: an address by https, or by mail."""
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return settings.KAUTH_ORIGIN if settings.SECURE else f"mailto:{sender}"


def _part(content: dict[str, object]) -> str:
    return protocol.b64(json.dumps(content, separators=(",", ":")).encode())
