"""The change of the e-mail address: two yeses, one hour, one way back, and no way in."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts import addresses, mailed_links, reset_links
from accounts.mail_models import AddressChange, AddressChangeState, LinkPurpose, MailedLink
from accounts.models import EventKind, SecurityEvent, User
from tests.linked import Linked
from tests.mailbox import Mailbox
from tests.pages import (
    browser,
    is_signed_in,
    log_in,
    pass_second_factor,
    signed_in_as,
    two_factor_browser,
)
from tests.people import PASSWORD, VISITOR, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "/manager/address/"
OLD, NEW = "alice@example.org", "alice@new.example"
OVER = "This link is over"


@pytest.fixture
def here(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


@pytest.fixture
def links(here: Client, mailbox: Mailbox) -> tuple[str, str]:
    """Asked for: the links at the old and at the new address."""
    with mailbox.delivering():
        here.post(ADDRESS, {"address": NEW})
    return mailbox.link(OLD, "/address/"), mailbox.link(NEW, "/address/")


@pytest.fixture
def way_back(links: tuple[str, str], mailbox: Mailbox) -> str:
    """Changed: the link at the old address that takes it back."""
    with mailbox.delivering():
        confirm(*links)
    return mailbox.link(OLD, "/not-me/")


def confirm(*links: str) -> list[str]:
    """By somebody who is signed out, with a browser that nobody knows."""
    return [browser().post(link).content.decode() for link in links]


def login_id(person: Linked) -> str:
    return User.objects.get(pk=person.user.pk).login_id


def kinds() -> set[str]:
    return set(SecurityEvent.objects.values_list("kind", flat=True))


# --- Both say yes -------------------------------------------------------------------------


def test_two_yeses_change_the_login_id(alice: Linked, links: tuple[str, str]) -> None:
    first, second = confirm(*links)
    assert "One yes is still missing" in first
    assert "The address is changed" in second
    assert login_id(alice) == NEW
    visitor = browser()
    log_in(visitor, NEW)
    pass_second_factor(visitor, alice.user)
    assert is_signed_in(visitor)
    assert {EventKind.ADDRESS_ASKED, EventKind.ADDRESS_CHANGED} <= kinds()


def test_the_order_of_the_yeses_is_free(alice: Linked, links: tuple[str, str]) -> None:
    confirm(*reversed(links))
    assert login_id(alice) == NEW


@pytest.mark.parametrize("one", [0, 1])
def test_one_yes_alone_changes_nothing(alice: Linked, links: tuple[str, str], one: int) -> None:
    confirm(links[one])
    assert OVER in confirm(links[one])[0]
    assert login_id(alice) == OLD


def test_looking_at_a_link_changes_nothing(alice: Linked, links: tuple[str, str]) -> None:
    for link in links:
        page = browser().get(link).content.decode()
        assert OLD in page
        assert NEW in page
    assert login_id(alice) == OLD
    assert MailedLink.objects.open().filter(used_at=None).count() == 3


def test_no_link_lets_anybody_in(links: tuple[str, str]) -> None:
    visitor = browser()
    for link in links:
        visitor.post(link)
    assert signed_in_as(visitor) is None


def test_the_change_ends_every_session_and_pending_login(
    alice: Linked, here: Client, links: tuple[str, str]
) -> None:
    waiting = browser()
    log_in(waiting)
    confirm(*links)
    assert not is_signed_in(here)
    assert pass_second_factor(waiting, alice.user).headers["Location"].startswith("/login/")


def test_a_link_to_a_new_password_from_before_is_void(
    alice: Linked, links: tuple[str, str]
) -> None:
    page = reset_links.page_for(alice.user)
    confirm(*links)
    assert OVER in browser().get(page).content.decode()


def test_the_person_may_confirm_in_the_browser_that_asked(
    alice: Linked, here: Client, links: tuple[str, str]
) -> None:
    for link in links:
        assert here.post(link).status_code == 200
    assert signed_in_as(here) is None
    assert login_id(alice) == NEW


# --- What is refused ----------------------------------------------------------------------


def after_an_hour() -> None:
    MailedLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def the_change_is_late() -> None:
    AddressChange.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def the_epoch_moves_on() -> None:
    User.objects.update(security_epoch=F("security_epoch") + 1)


def the_account_is_off() -> None:
    User.objects.update(is_active=False)


def withdrawn() -> None:
    addresses.withdraw(User.objects.get(), visitor=VISITOR)


def asked_again() -> None:
    addresses.ask(User.objects.get(), "third@new.example", visitor=VISITOR)


def taken_meanwhile() -> None:
    make_user(NEW)


@pytest.mark.parametrize(
    "spoil",
    [
        after_an_hour,
        the_change_is_late,
        the_epoch_moves_on,
        the_account_is_off,
        withdrawn,
        asked_again,
        taken_meanwhile,
    ],
)
def test_what_has_changed_meanwhile_voids_the_links(
    alice: Linked, links: tuple[str, str], spoil: Any
) -> None:
    spoil()
    assert OVER in confirm(*links)[1]
    assert login_id(alice) == OLD


@pytest.mark.parametrize("spoiled", ["x", "a" * 43, "a" * 43 + "." + "b" * 43, "%00", "é"])
def test_a_made_up_link_is_over_and_asks_the_database_nothing(
    spoiled: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert OVER in browser().get(f"/address/{spoiled}/").content.decode()


def test_a_link_serves_its_own_purpose_only(alice: Linked, links: tuple[str, str]) -> None:
    undo = links[0].replace("/address/", "/not-me/")
    assert OVER in browser().post(undo).content.decode()
    assert OVER not in browser().get(links[0]).content.decode()


def test_a_link_that_is_over_leaves_an_event(links: tuple[str, str]) -> None:
    after_an_hour()
    confirm(links[0])
    assert EventKind.LINK_REFUSED in kinds()


def test_no_token_stands_in_the_table(links: tuple[str, str]) -> None:
    tokens = [link.split("/")[2].split(".")[0] for link in links]
    rows = str(list(MailedLink.objects.values()))
    assert not [token for token in tokens if token in rows]


@pytest.mark.parametrize("address", ["", "alice", OLD, "ALICE@example.org", "a b@c.de", "x" * 300])
def test_what_is_no_other_address_is_not_taken(here: Client, address: str) -> None:
    assert here.post(ADDRESS, {"address": address}).status_code == 200
    assert not AddressChange.objects.exists()


def test_whose_an_address_is_is_told_to_its_mailbox_only(here: Client, mailbox: Mailbox) -> None:
    make_user(NEW)
    with mailbox.delivering():
        taken = here.post(ADDRESS, {"address": NEW})
    assert "has an account already" in str(mailbox.to(NEW).body)
    assert "/address/" not in str(mailbox.to(NEW).body)
    page = here.get(ADDRESS).content.decode()
    here.post(ADDRESS, {"cancel": "1"})
    free = here.post(ADDRESS, {"address": "free@new.example"})
    assert (taken.status_code, taken.headers["Location"]) == (302, free.headers["Location"])
    assert page.count("not confirmed yet") == 2


def test_asking_is_throttled(here: Client) -> None:
    statuses = [
        here.post(ADDRESS, {"address": f"a{number}@new.example"}).status_code for number in range(7)
    ]
    assert statuses[:5] == [302] * 5
    assert 429 in statuses


def test_the_page_tells_which_yes_is_missing(here: Client, links: tuple[str, str]) -> None:
    confirm(links[1])
    page = here.get(ADDRESS).content.decode()
    assert page.count("not confirmed yet") == 1
    here.post(ADDRESS, {"cancel": "1"})
    assert AddressChange.objects.get().state == AddressChangeState.WITHDRAWN
    assert EventKind.ADDRESS_WITHDRAWN in kinds()


# --- The way back -------------------------------------------------------------------------


def test_the_old_address_takes_the_account_back(alice: Linked, way_back: str) -> None:
    assert login_id(alice) == NEW
    assert "Take this address back?" in browser().get(way_back).content.decode()
    assert "locked down" in browser().post(way_back).content.decode()
    assert login_id(alice) == OLD
    assert EventKind.ADDRESS_RESTORED in kinds()


def test_who_moved_the_account_is_out_whatever_they_know(alice: Linked, way_back: str) -> None:
    theirs = two_factor_browser(User.objects.get(pk=alice.user.pk))
    browser().post(way_back)
    assert not is_signed_in(theirs)
    assert log_in(browser(), OLD, PASSWORD).status_code == 200
    assert alice.row.is_active


def test_it_takes_back_from_whatever_came_after_and_those_links_are_void(
    alice: Linked, way_back: str, mailbox: Mailbox
) -> None:
    user = User.objects.get(pk=alice.user.pk)
    with mailbox.delivering():
        addresses.ask(user, "third@new.example", visitor=VISITOR)
    with mailbox.delivering():
        confirm(mailbox.link(NEW, "/address/"), mailbox.link("third@new.example", "/address/"))
    theirs = mailbox.link(NEW, "/not-me/")
    browser().post(way_back)
    assert login_id(alice) == OLD
    assert OVER in browser().post(theirs).content.decode()
    assert login_id(alice) == OLD


def test_it_works_once(alice: Linked, way_back: str) -> None:
    browser().post(way_back)
    assert OVER in browser().post(way_back).content.decode()


def test_after_seven_days_it_is_over(alice: Linked, way_back: str) -> None:
    week = timedelta(days=7)
    AddressChange.objects.update(done_at=F("done_at") - week)
    assert OVER in browser().post(way_back).content.decode()
    assert login_id(alice) == NEW


def test_until_then_nobody_else_gets_the_old_address(way_back: str, settings: Any) -> None:
    settings.KAUTH_SIGNUP = "open"
    fields = {"username": OLD, "password1": "a new sentence", "password2": "a new sentence"}
    assert "There is an account" in browser().post("/signup/", fields).content.decode()
    assert addresses.is_taken(OLD, by_others_than=make_user("bob@example.org"))


def test_the_new_address_is_told_too(links: tuple[str, str], mailbox: Mailbox) -> None:
    with mailbox.delivering():
        confirm(*links)
    assert "is your login ID from now on" in str(mailbox.to(NEW).body)
    assert "For seven days" in str(mailbox.to(OLD).body)


def test_the_mail_to_the_old_address_can_lock_the_account_down(
    alice: Linked, here: Client, mailbox: Mailbox
) -> None:
    with mailbox.delivering():
        here.post(ADDRESS, {"address": NEW})
    confirm_new = mailbox.link(NEW, "/address/")
    browser().post(mailbox.link(OLD, "/not-me/"))
    assert not is_signed_in(here)
    assert OVER in confirm(confirm_new)[0]
    assert AddressChange.objects.get().state == AddressChangeState.WITHDRAWN


def test_links_that_are_over_are_dropped_after_a_day(alice: Linked) -> None:
    for age in (timedelta(hours=1), timedelta(days=2)):
        mailed_links.make(alice.user, LinkPurpose.NOT_ME, lifetime=-age)
    assert mailed_links.forget_old() == 1
