"""A person with a linked phone, as most tests need one: made once a run by the product's own verbs.

Linking makes ten slow hashes. So the rows are kept and put back for each test as they were.
"""

import copy
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, settings

from accounts import clock
from accounts.models import User
from devices.models import Device, Enrolment
from tests.people import link_device, make_user
from tests.software_device import SoftwareDevice
from twofactor.models import BackupCode, BackupCodeSet

# For property tests, all examples of which are refused and so leave the rows as they are.
examples_share_rows = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Linked:
    """A person, the phone in their hand, and the server's row of it."""

    user: User
    phone: SoftwareDevice
    row: Device


@dataclass(frozen=True)
class _Kept:
    phone: SoftwareDevice
    rows: list[models.Model]


def _keep(login_id: str) -> _Kept:
    user = make_user(login_id)
    phone, row = link_device(user)
    user.refresh_from_db()
    code_set = BackupCodeSet.objects.get(user=user)
    codes = BackupCode.objects.filter(code_set=code_set)
    return _Kept(phone, [user, row, Enrolment.objects.get(device=row), code_set, *codes])


def _put_back(kept: _Kept) -> Linked:
    rows: list[Any] = copy.deepcopy(kept.rows)
    for row in rows:
        if isinstance(row, BackupCodeSet):
            row.made_at = clock.now()  # the codes can be read for ten minutes from then
        type(row).objects.bulk_create([row])
    user, device, *_ = rows
    return Linked(user, copy.copy(kept.phone), Device.objects.get(pk=device.pk))


@pytest.fixture(scope="session")
def _kept(django_db_setup: None, django_db_blocker: Any) -> dict[str, _Kept]:
    with django_db_blocker.unblock(), transaction.atomic():
        kept = {name: _keep(f"{name}@example.org") for name in ("alice", "bob")}
        transaction.set_rollback(True)
    return kept


# The test marks itself with django_db: only it knows whether it needs real transactions.


@pytest.fixture
def alice(_kept: dict[str, _Kept]) -> Linked:
    return _put_back(_kept["alice"])


@pytest.fixture
def bob(_kept: dict[str, _Kept]) -> Linked:
    return _put_back(_kept["bob"])
