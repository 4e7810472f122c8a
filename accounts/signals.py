"""How the accounts app tells those above it."""

from django.dispatch import Signal

# sender=SignIn, user_id: some sessions of this account are over.
sessions_changed = Signal()
# sender=User, user, kind: what is also told by mail; name: of the device or method, or "".
protection_changed = Signal()
