"""How passwords are hashed: Argon2id with the cost that the settings choose."""

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher


class SitePasswordHasher(Argon2PasswordHasher):
    """Argon2id (RFC 9106), one lane, so that a sign-in keeps one core busy and not all.

    The default of 46 MiB and one pass is the strongest of the equal choices in OWASP's Password
    Storage Cheat Sheet.
    """

    time_cost = settings.KAUTH_PASSWORD_HASH_TIME
    memory_cost = settings.KAUTH_PASSWORD_HASH_MEMORY
    parallelism = 1
