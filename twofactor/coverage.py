"""How well accounts are protected, over all of them: for figures and for lists of people."""

from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from devices.models import Device
from twofactor.models import BackupCode, OtpApp, SecurityKey


def measured(people: QuerySet[User]) -> QuerySet[Any]:
    """`people`, each with the number of their methods and whether a backup code is left."""
    codes = BackupCode.objects.filter(code_set__user=OuterRef("pk"), used_at=None)
    return people.annotate(
        devices_in_use=_number_of(Device.objects.active()),
        apps_in_use=_number_of(OtpApp.objects.filter(confirmed=True)),
        keys_in_use=_number_of(SecurityKey.objects.filter(confirmed=True)),
        methods_in_use=F("devices_in_use") + F("apps_in_use") + F("keys_in_use"),
        has_backup_code=Exists(codes),
    )


def protected(people: QuerySet[User]) -> QuerySet[Any]:
    """Those for whom the password is not enough."""
    return measured(people).filter(methods_in_use__gt=0)


def unprotected(people: QuerySet[User]) -> QuerySet[Any]:
    """Those whose password alone opens the account."""
    return measured(people).filter(methods_in_use=0, must_enrol=False)


def waiting(people: QuerySet[User]) -> QuerySet[Any]:
    """Those who get in again by a code, and only to add a method."""
    return measured(people).filter(methods_in_use=0, must_enrol=True)


def without_backup(people: QuerySet[User]) -> QuerySet[Any]:
    """Those whom the loss of their only method shuts out."""
    return measured(people).filter(methods_in_use=1, has_backup_code=False)


def _number_of(methods: QuerySet[Any]) -> Coalesce:
    theirs = methods.filter(user=OuterRef("pk")).order_by().values("user")
    number = Subquery(theirs.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(number, 0)
