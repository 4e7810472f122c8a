"""The session store: Django's database sessions, with the key hashed on its way to the table."""

import hashlib
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from accounts.models import Session


def stored(session_key: str) -> str:
    """What the table holds for a cookie: random bits need no salt, only one-wayness."""
    return hashlib.sha256(session_key.encode()).hexdigest()


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        return Session

    def _live(self) -> Any:
        key = stored(self.session_key or "")
        return self.model.objects.filter(session_key=key, expire_date__gt=timezone.now())

    def _get_session_from_db(self) -> Any:
        session = self._live().first()
        if session is None:
            self._session_key = None
        return session

    async def _aget_session_from_db(self) -> Any:
        session = await self._live().afirst()
        if session is None:
            self._session_key = None
        return session

    def exists(self, session_key: str) -> bool:
        return super().exists(stored(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(stored(session_key))

    def create_model_instance(self, data: Any) -> Any:
        session = super().create_model_instance(data)
        session.session_key = stored(session.session_key)
        return session

    async def acreate_model_instance(self, data: Any) -> Any:
        session = await super().acreate_model_instance(data)
        session.session_key = stored(session.session_key)
        return session

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            super().delete(stored(key))

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            await super().adelete(stored(key))
