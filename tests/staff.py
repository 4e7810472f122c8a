"""Members of the staff in a role, signed in with both factors."""

from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from tests.linked import Linked
from tests.pages import two_factor_browser


def in_role(person: Linked, role: str) -> Client:
    """`person` as staff in the role of this name; "superuser" is the one that is no group."""
    superuser = role == "superuser"
    User.objects.filter(pk=person.user.pk).update(is_staff=True, is_superuser=superuser)
    if not superuser:
        person.user.groups.add(Group.objects.get(name=role))
    return two_factor_browser(User.objects.get(pk=person.user.pk))
