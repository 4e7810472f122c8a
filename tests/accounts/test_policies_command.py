"""`manage.py policies`: what groups ask of their accounts, from the shell."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from accounts.models import EventKind, SecurityEvent
from accounts.policy_models import Policy
from tests.people import make_user

pytestmark = pytest.mark.django_db

STAFF = {
    "group": "Staff",
    "require_from": "2027-01-15",
    "methods": ["key", "kauth"],
    "always_number": True,
    "most_devices": 2,
    "session_hours": 8,
}
OPTIONS = (
    "--require-from=2027-01-15",
    "--methods=kauth,key",
    "--always-number",
    "--most-devices=2",
    "--session-hours=8",
)


@pytest.fixture
def staff() -> Group:
    return Group.objects.create(name="Staff")


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("policies", *arguments, stdout=output)
    return output.getvalue()


def facts(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_set_makes_a_policy_that_show_and_list_tell(staff: Group) -> None:
    assert run("list") == "No group has a policy.\n"
    assert facts("set", "Staff", *OPTIONS, "--why", "the audit") == STAFF
    assert facts("show", "Staff") == STAFF
    assert facts("list") == [STAFF]
    assert "methods: key,kauth  always_number: yes  most_devices: 2" in run("list")
    event = SecurityEvent.objects.get(kind=EventKind.POLICY_CHANGED)
    assert event.detail.startswith("command line: group Staff: require_from: none -> 2027-01-15")
    assert event.detail.endswith("; why: the audit")


def test_set_changes_what_is_named_and_leaves_the_rest(staff: Group) -> None:
    run("set", "Staff", *OPTIONS)
    changed = facts("set", "Staff", "--most-devices=none", "--no-always-number", "--methods=all")
    assert changed == STAFF | {
        "most_devices": None,
        "always_number": False,
        "methods": ["key", "kauth", "otp"],
    }


def test_clear_takes_the_policy_away(staff: Group) -> None:
    run("set", "Staff", *OPTIONS)
    assert facts("clear", "Staff") == {"cleared": "Staff"}
    assert not Policy.objects.exists()


def test_account_tells_what_holds_for_one(staff: Group) -> None:
    user = make_user()
    user.groups.add(staff, Group.objects.create(name="Board"))
    run("set", "Staff", *OPTIONS)
    run("set", "Board", "--require-from=2026-01-01", "--methods=key")
    assert facts("account", "alice@example.org") == {
        "login": "alice@example.org",
        "require_from": "2026-01-01",
        "required": True,
        "methods": ["key"],
        "always_number": True,
        "most_devices": 2,
        "session_hours": 8,
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "Nobody"], "no group Nobody"),
        (["show", "Staff"], "has no policy"),
        (["clear", "Staff"], "has no policy"),
        (["set", "Staff", "--most-devices=6"], "5"),
        (["set", "Staff", "--session-hours=0"], "1"),
        (["account", "nobody@example.org"], "no account"),
        (["set", "Staff", "--methods=sms"], "not a method: sms"),
        (["set", "Staff", "--require-from=soon"], "not a day such as 2027-01-15: soon"),
        (["set", "Staff", "--most-devices=two"], "not a number: two"),
    ],
)
def test_what_does_not_fit_is_said_and_changes_nothing(
    staff: Group, arguments: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words) as failure:
        run(*arguments)
    assert failure.value.returncode == 1
    assert not Policy.objects.exists()
