"""The log of events, written and sealed by many at the same moment."""

from collections.abc import Iterator

import pytest

from accounts import audit, audit_check, audit_seals
from accounts.models import EventKind, EventSeal, SecurityEvent
from accounts.tasks import seal_log
from tests.races.crowd import Crowd

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    with Crowd() as threads:
        yield threads
    # The database lets no sealed event go, not even when a test tidies up.
    EventSeal.objects.all().delete()


def test_of_many_that_seal_at_once_none_seals_twice(crowd: Crowd) -> None:
    def write_and_seal() -> int:
        audit.record(EventKind.SIGNED_IN)
        return audit_seals.seal_new()

    sealed = sum(crowd.at_once([write_and_seal] * 48)) + seal_log()
    assert sealed == EventSeal.objects.count() == SecurityEvent.objects.count() == 48
    assert audit_check.verify().broken is None
