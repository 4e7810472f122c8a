"""When sessions end, the pages that hold a socket open look whether theirs still stands."""

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_save

from accounts import signals
from accounts.models import User
from devices import doorbell

# A change of one of these ends sessions, whoever makes it.
ENDING = {"is_active", "security_epoch"}


def connect() -> None:
    signals.sessions_changed.connect(on_sessions_changed)
    post_save.connect(on_account_saved, sender=User)


def on_sessions_changed(sender: Any, user_id: object, **_: Any) -> None:
    doorbell.ring(doorbell.pages_group(user_id), "sessions_changed")


def on_account_saved(
    sender: Any, instance: User, update_fields: Collection[str] | None, **_: Any
) -> None:
    if ENDING & set(update_fields or ()):
        on_sessions_changed(sender, instance.pk)
