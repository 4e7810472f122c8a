"""Rings of a process without sockets wait in the database for the server, and not for long."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from devices import doorbell, outbox
from devices.models import PendingRing

pytestmark = pytest.mark.django_db(transaction=True)


def waiting() -> list[tuple[str, object]]:
    return [(ring.group, ring.message) for ring in outbox.take()]


def test_what_rings_where_no_server_runs_waits_for_one() -> None:
    doorbell.ring("first", "asked", challenge="c")
    doorbell.ring("second", "changed")
    assert waiting() == [
        ("first", {"type": "asked", "challenge": "c"}),
        ("second", {"type": "changed"}),
    ]


def test_a_ring_is_taken_once() -> None:
    doorbell.ring("group", "changed")
    assert len(outbox.take()) == 1
    assert outbox.take() == []


def test_what_is_rolled_back_leaves_no_ring() -> None:
    with transaction.atomic():
        doorbell.ring("group", "changed")
        transaction.set_rollback(True)
    assert waiting() == []


def test_a_ring_that_no_server_took_in_its_minute_makes_room_for_the_next() -> None:
    doorbell.ring("old", "changed")
    PendingRing.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    doorbell.ring("new", "changed")
    assert waiting() == [("new", {"type": "changed"})]
