"""Sessions: Django's in the database, with the key hashed on its way to the table."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangosMiddleware
from django.db.models import CharField, DateTimeField, QuerySet, TextField, UUIDField
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts import prepared, sign_ins
from accounts.models import Session, SignIn

KEY_SIZE = 32


def stored(session_key: str) -> str:
    """What the table holds for a cookie: random bits need no salt, only one-wayness."""
    return hashlib.sha256(session_key.encode()).hexdigest()


def save(request: Any) -> None:
    """Writes the session now, in the transaction of the page, which is undone whole if somebody
    ended the session meanwhile.
    """
    try:
        request.session.save()
    except UpdateError:
        raise SessionInterrupted from None


@prepared.rows(key=CharField(), now=DateTimeField())
def _live(key: Any, now: Any) -> QuerySet[Session]:
    live = Session.objects.filter(session_key=key, expire_date__gt=now)
    return live.select_related("sign_in")


@prepared.update(
    old=CharField(),
    key=CharField(),
    data=TextField(),
    end=DateTimeField(),
    sign_in=UUIDField(null=True),
)
def _replace(old: Any, key: Any, data: Any, end: Any, sign_in: Any) -> tuple[Any, Any]:
    changes = {"session_key": key, "session_data": data, "expire_date": end, "sign_in": sign_in}
    return Session.objects.filter(session_key=old), changes


_insert = prepared.Insert(Session)


class SessionMiddleware(DjangosMiddleware):
    """Leaves the cookie of a session that is gone where it is; it opens nothing any more.

    Two tabs that go on at the same moment send the same cookie. The one that comes second finds
    its session gone, and to delete the cookie then would sign out the first, which has a new one.
    """

    def process_response(self, request: Any, response: Any) -> Any:
        answered = super().process_response(request, response)
        cookie = answered.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and not cookie.value and request.session.was_gone:
            del answered.cookies[settings.SESSION_COOKIE_NAME]
        return answered


class SessionStore(DatabaseStore):
    # Whether the cookie that came named no session that lives.
    was_gone = False
    # Where this session is signed in, as it was when the session was loaded.
    sign_in: SignIn | None = None

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        # The key under which the table has this session; another one takes its place when saved.
        self._row_key = session_key
        self._written = ""

    @classmethod
    def get_model_class(cls) -> Any:
        return Session

    def _get_session_from_db(self) -> Any:
        return self._found(_live.first(key=stored(self.session_key or ""), now=timezone.now()))

    async def _aget_session_from_db(self) -> Any:
        return await database_sync_to_async(self._get_session_from_db)()

    def _found(self, session: Session | None) -> Session | None:
        """A session that was ended may be written once more, by a request that had begun before:
        without its place of sign-in it opens nothing. Nor does one that was idle for too long.
        """
        if session is None or (session.sign_in_id and not _in_use(session.sign_in)):
            self._session_key, self._row_key, self.was_gone = None, None, True
            return None
        self.sign_in = session.sign_in
        return session

    def renew(self) -> None:
        """Goes on under a new key, for which the old one is exchanged when the session is saved, in
        one statement: at no moment do both open it, and a request that fails leaves the old one.
        """
        self._session_key = get_random_string(KEY_SIZE, VALID_KEY_CHARS)
        self.modified = True

    def cycle_key(self) -> None:
        self._get_session()  # type: ignore[attr-defined] # while the old key still finds it
        self.renew()

    def create(self) -> None:
        self.renew()
        self.save()

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Writes what is not written yet: a page may save early, to have it in a transaction."""
        if self.session_key is None:
            self.renew()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        content = f"{self.session_key} {json.dumps(data, sort_keys=True)}"
        if content != self._written:
            self._write(self.create_model_instance(data))
            self._row_key, self._written = self.session_key, content

    def _write(self, row: Session) -> None:
        old = stored(self._row_key) if self._row_key else ""
        if old and _replace(
            old=old,
            key=row.session_key,
            data=row.session_data,
            end=row.expire_date,
            sign_in=row.sign_in_id,
        ):
            return
        if old == row.session_key:
            raise UpdateError  # it was ended meanwhile
        _insert(row)

    def exists(self, session_key: str) -> bool:
        return super().exists(stored(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(stored(session_key))

    def create_model_instance(self, data: Any) -> Any:
        return _signed_in(super().create_model_instance(data), data)

    async def acreate_model_instance(self, data: Any) -> Any:
        return _signed_in(await super().acreate_model_instance(data), data)

    def flush(self) -> None:
        super().flush()
        self._row_key, self._written = None, ""

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self._row_key
        if key:
            Session.objects.filter(session_key=stored(key)).delete()

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            await super().adelete(stored(key))


def _in_use(sign_in: SignIn | None) -> bool:
    return sign_in is not None and sign_in.idle_at > timezone.now()


def _signed_in(session: Any, data: dict[str, Any]) -> Any:
    """The row as it is kept. No write makes a session last longer than was said at the sign-in."""
    session.session_key = stored(session.session_key)
    session.sign_in_id = data.get(sign_ins.SESSION_KEY)
    if sign_ins.ENDS_KEY in data:
        end = datetime.fromtimestamp(data[sign_ins.ENDS_KEY], UTC)
        session.expire_date = min(session.expire_date, end)
    return session
