"""Where an account is signed in: told without a key, ended one by one or all at once (D-69)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from accounts import sign_ins
from accounts.models import EventKind, SecurityEvent, Session, SignIn, User
from accounts.sessions import SessionStore, stored
from tests.linked import Linked
from tests.pages import (
    browser,
    is_signed_in,
    session_key,
    sign_in,
    two_factor_browser,
    with_session,
)
from tests.people import VISITOR, link_device, make_user

pytestmark = pytest.mark.django_db

SESSIONS = "/manager/sessions/"


@pytest.fixture
def here(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


@pytest.fixture
def there(alice: Linked, here: Client) -> Client:
    return two_factor_browser(alice.user)


def place_of(visitor: Client) -> SignIn:
    return SignIn.objects.get(pk=visitor.session[sign_ins.SESSION_KEY])


def places(visitor: Client) -> tuple[SignIn, list[SignIn]]:
    context = visitor.get(SESSIONS).context
    return context["here"], list(context["others"])


def end(visitor: Client, place: SignIn) -> Any:
    return visitor.post(SESSIONS, {"end": str(place.pk)})


def events(kind: EventKind) -> QuerySet[SecurityEvent]:
    return SecurityEvent.objects.filter(kind=kind)


# --- What is told -------------------------------------------------------------------------


def test_the_page_tells_browser_network_device_and_times(alice: Linked, here: Client) -> None:
    facts = {"browser": "Firefox on Windows", "address": "9.9.9.9"}
    SignIn.objects.filter(pk=place_of(here).pk).update(**facts)
    page = here.get(SESSIONS).content.decode()
    for part in ("Firefox on Windows", "9.9.9.9", "This browser", "Pixel 8", "Last seen"):
        assert part in page


def test_no_key_and_no_digest_of_one_is_told(here: Client, there: Client) -> None:
    page = here.get(SESSIONS).content.decode()
    for visitor in (here, there):
        assert session_key(visitor) not in page
        assert stored(session_key(visitor)) not in page


def test_this_session_is_apart_from_the_others(here: Client, there: Client) -> None:
    assert places(here) == (place_of(here), [place_of(there)])
    assert places(there) == (place_of(there), [place_of(here)])


def test_a_person_is_told_of_own_sessions_only(here: Client, bob: Linked) -> None:
    two_factor_browser(bob.user)
    assert places(here)[1] == []


def test_a_session_of_the_password_alone_is_told_too() -> None:
    make_user()
    visitor = browser(address="203.0.113.5")
    sign_in(visitor)
    place, _ = places(visitor)
    assert (place.address, place.approved_by, place.device_name) == ("203.0.113.5", "", "")


def test_a_session_that_is_over_by_time_is_not_told(here: Client, there: Client) -> None:
    gone = Session.objects.filter(sign_in=place_of(there))
    gone.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert places(here)[1] == []


def test_a_session_that_a_new_password_ended_is_not_told(
    alice: Linked, here: Client, there: Client
) -> None:
    fields = {
        "old_password": "correct horse battery",
        "new_password1": "a new sentence to remember",
        "new_password2": "a new sentence to remember",
    }
    here.post("/password/change/", fields)
    assert places(here) == (place_of(here), [])


def test_last_seen_is_kept_to_the_minute(here: Client) -> None:
    place = SignIn.objects.filter(pk=place_of(here).pk)
    long_ago = timezone.now() - timedelta(hours=1)
    place.update(last_seen_at=long_ago, address=None)
    here.get(SESSIONS)
    seen = place.get()
    assert seen.last_seen_at > long_ago
    assert seen.address == "198.51.100.1"
    here.get(SESSIONS)
    assert place.get().last_seen_at == seen.last_seen_at


def test_a_step_up_keeps_the_place_and_changes_the_key(alice: Linked, here: Client) -> None:
    place, key = place_of(here), session_key(here)
    here.post("/2fa/backup-codes/", {"action": "saved"})
    session = here.session
    session.cycle_key()
    session.save()
    assert place_of(with_session(str(session.session_key))) == place
    assert not is_signed_in(with_session(key))


# --- Ending -------------------------------------------------------------------------------


def test_d69_an_ended_session_is_over_at_once(here: Client, there: Client) -> None:
    response = end(here, place_of(there))
    assert response.headers["Location"] == SESSIONS
    assert not is_signed_in(there)
    assert is_signed_in(here)
    assert events(EventKind.SESSION_ENDED).count() == 1


def test_d69_all_others_are_ended_and_this_one_goes_on(alice: Linked, here: Client) -> None:
    others = [two_factor_browser(alice.user) for _ in range(3)]
    here.post(SESSIONS, {"all": "1"})
    assert not [visitor for visitor in others if is_signed_in(visitor)]
    assert "3 browsers are signed out." in here.get(SESSIONS).content.decode()


def test_an_ended_session_does_not_come_back_by_a_request_that_was_under_way(
    here: Client, there: Client
) -> None:
    """Which would change its key, as a confirmation does, and write it under the new one."""
    under_way = SessionStore(session_key(there))
    assert under_way.has_key(sign_ins.SESSION_KEY)
    end(here, place_of(there))
    under_way.cycle_key()
    under_way.save()
    assert not is_signed_in(with_session(str(under_way.session_key)))


def test_nobody_ends_what_is_not_theirs(here: Client, bob: Linked) -> None:
    stranger = two_factor_browser(bob.user)
    end(here, place_of(stranger))
    here.post(SESSIONS, {"all": "1"})
    assert is_signed_in(stranger)
    assert events(EventKind.SESSION_ENDED).count() == 0


@pytest.mark.parametrize("fields", [{}, {"end": ""}, {"end": "x"}, {"end": str(sign_ins.NOWHERE)}])
def test_what_names_no_session_ends_none(
    here: Client, there: Client, fields: dict[str, str]
) -> None:
    here.post(SESSIONS, fields)
    assert is_signed_in(there)


def test_the_page_does_not_end_the_session_it_is_shown_in(here: Client) -> None:
    end(here, place_of(here))
    assert is_signed_in(here)


def test_logging_out_ends_the_place_too(here: Client) -> None:
    place = place_of(here)
    here.post("/logout/")
    assert not SignIn.objects.filter(pk=place.pk).exists()


def test_d71_after_five_minutes_only_looking_is_free(here: Client, there: Client) -> None:
    session = here.session
    session["reauthenticated_at"] -= 360
    session.save()
    assert here.get(SESSIONS).status_code == 200
    again = end(here, place_of(there)).headers["Location"]
    assert again == "/login/again/?next=%2Fmanager%2Fsessions%2F%3Fconfirmed"
    assert is_signed_in(there)


# --- The device that approved -------------------------------------------------------------


@pytest.fixture
def tablet(alice: Linked) -> Any:
    _, row = link_device(alice.user, "Tablet")
    return row


def with_device(user: User, device: Any) -> Client:
    """A browser that `device` let in."""
    visitor = two_factor_browser(user)
    SignIn.objects.filter(pk=place_of(visitor).pk).update(
        approved_by=device.persistent_id, device_name=device.name
    )
    return visitor


def test_d70_removing_a_device_offers_to_end_what_it_let_in(
    alice: Linked, here: Client, tablet: Any
) -> None:
    let_in = with_device(alice.user, tablet)
    page = f"/2fa/devices/{tablet.public_id}/remove/"
    assert here.get(page).context["sessions"] == 1
    here.post(page, {"sessions": "1"})
    assert not is_signed_in(let_in)
    assert is_signed_in(here)


def test_if_the_person_does_not_wish_it_they_go_on(
    alice: Linked, here: Client, tablet: Any
) -> None:
    let_in = with_device(alice.user, tablet)
    here.post(f"/2fa/devices/{tablet.public_id}/remove/")
    assert is_signed_in(let_in)


# --- Tidying up ---------------------------------------------------------------------------


def test_places_whose_session_is_over_for_a_day_are_dropped(here: Client, there: Client) -> None:
    for visitor in (here, there):
        Session.objects.filter(sign_in=place_of(visitor)).delete()
    kept = SignIn.objects.order_by("pk")[0]
    SignIn.objects.exclude(pk=kept.pk).update(last_seen_at=timezone.now() - timedelta(days=2))
    assert sign_ins.forget_old() == 1
    assert SignIn.objects.get() == kept
    assert not sign_ins.stands(str(kept.pk))
    assert sign_ins.end(kept.user, SignIn.objects.none(), visitor=VISITOR, by="nobody") == 0
