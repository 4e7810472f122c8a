"""`manage.py devices`."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from devices.models import DeviceState
from tests.people import link_device, make_user

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("devices", *arguments, stdout=output)
    return output.getvalue()


def test_list_shows_the_devices_of_an_account() -> None:
    _, device = link_device(make_user())
    (row,) = json.loads(run("list", "ALICE@example.org", "--json"))
    assert (row["device"], row["name"]) == (str(device.public_id), "Pixel 8")
    assert "Pixel 8" in run("list")


@pytest.mark.parametrize("by", ["login", "id"])
def test_revoke_unlinks_by_login_id_or_by_id(by: str) -> None:
    _, device = link_device(make_user())
    run("revoke", "alice@example.org" if by == "login" else str(device.public_id))
    device.refresh_from_db()
    assert device.state == DeviceState.REVOKED


def test_revoking_nothing_is_an_error() -> None:
    with pytest.raises(CommandError):
        run("revoke", "nobody@example.org")
