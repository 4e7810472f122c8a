"""How long a session lasts: a day at most, an hour while nothing is done; for staff less (D-68)."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from accounts import sign_ins
from accounts.models import Session, SignIn, User
from accounts.sessions import stored
from tests.linked import Linked
from tests.pages import is_signed_in, session_key, two_factor_browser

pytestmark = pytest.mark.django_db

A_MOMENT = timedelta(seconds=20)
MEMBER, STAFF = False, True


def person(linked: Linked, *, is_staff: bool) -> User:
    User.objects.filter(pk=linked.user.pk).update(is_staff=is_staff)
    return User.objects.get(pk=linked.user.pk)


def nothing_is_done_for(time: timedelta) -> None:
    SignIn.objects.update(last_seen_at=F("last_seen_at") - time, idle_at=F("idle_at") - time)


IDLE = [(MEMBER, timedelta(hours=1)), (STAFF, timedelta(minutes=15))]


@pytest.mark.parametrize(("is_staff", "limit"), IDLE)
def test_d68_a_session_in_which_nothing_is_done_ends(
    alice: Linked, is_staff: bool, limit: timedelta
) -> None:
    here = two_factor_browser(person(alice, is_staff=is_staff))
    nothing_is_done_for(limit)
    assert not is_signed_in(here)
    assert not sign_ins.of(alice.user).exists()


@pytest.mark.parametrize(("is_staff", "limit"), IDLE)
def test_d68_whatever_is_done_in_it_begins_that_time_anew(
    alice: Linked, is_staff: bool, limit: timedelta
) -> None:
    here = two_factor_browser(person(alice, is_staff=is_staff))
    for _ in range(3):
        nothing_is_done_for(limit - A_MOMENT)
        assert is_signed_in(here)


@pytest.mark.parametrize(
    ("is_staff", "limit"), [(MEMBER, timedelta(hours=24)), (STAFF, timedelta(hours=12))]
)
def test_d68_nothing_that_is_done_makes_it_last_longer(
    alice: Linked, is_staff: bool, limit: timedelta
) -> None:
    here = two_factor_browser(person(alice, is_staff=is_staff))
    session = here.session
    session[sign_ins.ENDS_KEY] -= int((limit - A_MOMENT).total_seconds())
    session.save()
    session["anything"] = "done"
    session.save()
    assert is_signed_in(here)
    row = Session.objects.get(session_key=stored(session_key(here)))
    assert row.expire_date <= timezone.now() + A_MOMENT
