from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import CharField, IntegerField, UUIDField, Value
from django.db.transaction import TransactionManagementError, atomic

from accounts import prepared
from accounts.models import EventKind, KnownBrowser, SecurityEvent, User
from tests.people import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@prepared.rows(login_id=CharField())
def named(login_id: Any) -> Any:
    return User.objects.filter(login_id=login_id)


@prepared.rows(user=UUIDField())
def browsers_of(user: Any) -> Any:
    return KnownBrowser.objects.annotate(one=Value(1)).select_related("user").filter(user=user)


@prepared.rows(user=UUIDField())
def names_of(user: Any) -> Any:
    accounts = User.objects.filter(pk=user).order_by().values_list("login_id")
    return accounts.union(KnownBrowser.objects.filter(user=user).order_by().values_list("name"))


@prepared.rows(user=UUIDField())
def locked(user: Any) -> Any:
    return User.objects.select_for_update().filter(pk=user).values_list("pk", flat=True)


ODD_NAME = "100 %, %s or 'so'"


@prepared.rows(user=UUIDField())
def oddly_named(user: Any) -> Any:
    return KnownBrowser.objects.filter(name=ODD_NAME, user=user)


@prepared.update(user=UUIDField(), epoch=IntegerField())
def move_on(user: Any, epoch: Any) -> Any:
    return User.objects.filter(pk=user), {"security_epoch": epoch, "must_enrol": True}


def test_each_run_has_values_of_its_own() -> None:
    alice, bob = make_user("alice@example.org"), make_user("bob@example.org")
    assert named(login_id="alice@example.org") == [alice]
    assert named(login_id="bob@example.org") == [bob]
    assert named(login_id="nobody@example.org") == []


def test_it_is_made_once() -> None:
    made: list[Any] = []

    def build(login_id: Any) -> Any:
        made.append(login_id)
        return User.objects.filter(login_id=login_id)

    statement = prepared.rows(login_id=CharField())(build)
    statement(login_id="alice@example.org")
    statement(login_id="bob@example.org")
    assert len(made) == 1


def test_a_row_is_whole_with_what_it_refers_to(django_assert_num_queries: Any) -> None:
    alice = make_user("alice@example.org")
    KnownBrowser.objects.create(user=alice, name="Firefox")
    with django_assert_num_queries(1):
        [browser] = browsers_of(user=alice.pk)
        assert (browser.name, browser.one, browser.user.login_id) == ("Firefox", 1, alice.login_id)
    browser.name = "Chromium"
    browser.save()
    assert browsers_of.one(user=alice.pk).name == "Chromium"


def test_tuples_and_unions_come_as_from_a_queryset() -> None:
    alice = make_user("alice@example.org")
    KnownBrowser.objects.create(user=alice, name="Firefox")
    assert sorted(names_of(user=alice.pk)) == [("Firefox",), ("alice@example.org",)]


def test_an_update_says_how_many_rows_it_changed() -> None:
    alice, bob = make_user("alice@example.org"), make_user("bob@example.org")
    assert move_on(user=alice.pk, epoch=7) == 1
    assert move_on(user=uuid4(), epoch=8) == 0
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.security_epoch, alice.must_enrol) == (7, True)
    assert (bob.security_epoch, bob.must_enrol) == (0, False)


def test_nothing_equals_none_and_so_it_is_refused() -> None:
    with pytest.raises(TypeError):
        named(login_id=None)


@pytest.mark.django_db(transaction=True)
def test_a_lock_without_a_transaction_would_hold_nothing() -> None:
    alice = make_user("alice@example.org")
    with atomic():
        assert locked(user=alice.pk) == [alice.pk]
    with pytest.raises(TransactionManagementError):
        locked(user=alice.pk)


def test_a_new_row_is_written_as_save_would() -> None:
    alice = make_user("alice@example.org")
    event = SecurityEvent(kind=EventKind.SIGNED_IN, user=alice, address="2001:db8::1")
    prepared.Insert(SecurityEvent)(event)
    kept = SecurityEvent.objects.get(pk=event.pk)
    assert (kept.user, kept.address, kept.created_at) == (alice, "2001:db8::1", event.created_at)
    assert (kept.times, kept.alike, kept.method) == (1, None, "")


def test_a_row_that_brings_its_own_key_keeps_it() -> None:
    browser = KnownBrowser(user=make_user("alice@example.org"), name="Firefox")
    prepared.Insert(KnownBrowser)(browser)
    browser.name = "Chromium"
    browser.save()
    assert KnownBrowser.objects.get().name == "Chromium"


def test_what_is_the_same_in_every_run_may_be_any_text() -> None:
    browser = KnownBrowser.objects.create(user=make_user("alice@example.org"), name=ODD_NAME)
    assert oddly_named(user=browser.user_id) == [browser]


@pytest.mark.only_postgresql
def test_the_database_keeps_the_plan_of_a_statement_and_of_no_other() -> None:
    User.objects.filter(login_id="bob@example.org").exists()
    for _ in range(2):
        oddly_named(user=uuid4())
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        kept = [statement for (statement,) in cursor.fetchall()]
    assert [one for one in kept if "bob@example.org" in one] == []
    [planned] = [one for one in kept if "100 %" in one]
    assert "$1" in planned
    assert "$2" not in planned
