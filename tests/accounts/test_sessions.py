"""A session's key is exchanged in one statement: at no moment do two keys open it, or none."""

import pytest
from django.contrib.sessions.backends.base import UpdateError

from accounts.models import Session
from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def key() -> str:
    store = SessionStore()
    store["step"] = "password"
    store.save()
    return str(store.session_key)


def test_d66_a_renewed_session_goes_on_under_the_new_key_alone(key: str) -> None:
    store = SessionStore(key)
    store["step"] = "second factor"
    store.renew()
    store.save()
    assert SessionStore(store.session_key)["step"] == "second factor"
    assert "step" not in SessionStore(key)
    assert Session.objects.count() == 1


def test_d66_until_it_is_saved_the_old_key_opens_it(key: str) -> None:
    store = SessionStore(key)
    store.cycle_key()
    assert SessionStore(key)["step"] == "password"
    assert "step" not in SessionStore(store.session_key)


def test_d66_who_still_has_the_old_key_writes_nothing_any_more(key: str) -> None:
    late, store = SessionStore(key), SessionStore(key)
    assert late["step"] == "password"
    store.cycle_key()
    store.save()
    late["step"] = "stolen"
    with pytest.raises(UpdateError):
        late.save()
    assert SessionStore(store.session_key)["step"] == "password"
