"""The site's key for Web Push (RFC 8292), by which push services know who sends.

It signs for push services and nothing else. Without one no browser can ask to be woken.
"""

import functools

from django.conf import settings

from devices import p256, protocol


@functools.lru_cache(maxsize=2)
def _private(encoded: str) -> p256.PrivateKey:
    return p256.private_from_bytes(protocol.unb64(encoded))


def public() -> str:
    """The public key as browsers subscribe with it; empty where the site has none."""
    if not settings.KAUTH_VAPID_KEY:
        return ""
    return protocol.b64(p256.public_bytes(_private(settings.KAUTH_VAPID_KEY)))
