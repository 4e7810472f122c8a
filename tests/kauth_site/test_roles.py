"""Who of the staff may do what, to whom; each act with its reason, and on record."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import EventKind, SecurityEvent, SignIn, User
from accounts.policy_models import Policy
from devices.models import Device, DeviceState
from tests.linked import Linked
from tests.pages import is_signed_in, two_factor_browser
from tests.people import link_device, make_user
from tests.staff import in_role
from twofactor import methods
from twofactor.models import OtpApp

pytestmark = pytest.mark.django_db

DEVICES = "/admin/devices/device/"
SESSIONS = "/admin/accounts/signin/"
EVENTS = "/admin/accounts/securityevent/"
PEOPLE = "/admin/accounts/user/"
GROUPS = "/admin/auth/group/"
NOW = timezone.now()
WHY = {"reason": "Phone lost, called back"}


def act(visitor: Client, page: str, action: str, *keys: Any, **fields: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(key) for key in keys]}
    return visitor.post(page, {**chosen, **fields})


def state(device: Device) -> str:
    return Device.objects.get(pk=device.pk).state


def last(kind: EventKind) -> SecurityEvent:
    return SecurityEvent.objects.filter(kind=kind).latest("id")


def make_group(name: str) -> Group:
    return Group.objects.create(name=name)


# --- What is asked, and what is written down ----------------------------------------------


def test_an_action_asks_for_its_reason_before_it_is_done(alice: Linked, bob: Linked) -> None:
    desk = in_role(bob, "help desk")
    page = act(desk, DEVICES, "revoke", alice.row.pk).content.decode()
    assert f"{alice.user}: Pixel 8" in page
    assert f'<input type="hidden" name="_selected_action" value="{alice.row.pk}">' in page
    again = act(desk, DEVICES, "revoke", alice.row.pk, reason=" ").content.decode()
    assert "Say why" in again
    assert state(alice.row) == DeviceState.ACTIVE


def test_d42_the_help_desk_revokes_and_the_record_has_who_and_why(
    alice: Linked, bob: Linked
) -> None:
    act(in_role(bob, "help desk"), DEVICES, "revoke", alice.row.pk, **WHY)
    assert state(alice.row) == DeviceState.REVOKED
    event = last(EventKind.DEVICE_REMOVED)
    assert event.detail == "administrator bob@example.org: Phone lost, called back"


def test_roles_have_the_permissions_of_every_app() -> None:
    """Django makes those of an app at the same moment as the roles are made."""
    permissions = Group.objects.get(name="help desk").permissions
    names = set(permissions.values_list("codename", flat=True))
    assert {"view_user", "change_device", "view_challenge", "make_helpdesk_code"} <= names


def test_all_devices_of_an_account_are_revoked_at_once(alice: Linked, bob: Linked) -> None:
    _, second = link_device(alice.user, "Tablet")
    page = f"{DEVICES}?user__id__exact={alice.user.pk}"
    act(in_role(bob, "superuser"), page, "revoke", second.pk, select_across="1", **WHY)
    assert (state(alice.row), state(second), state(bob.row)) == ("revoked", "revoked", "active")


def test_d96_an_account_that_lost_every_method_to_the_help_desk_must_link_anew(
    alice: Linked, bob: Linked
) -> None:
    app = OtpApp(user=alice.user, name="OTP app", confirmed=True, otp_secret=b"", created_at=NOW)
    app.save()
    act(in_role(bob, "help desk"), PEOPLE, "remove_methods", alice.user.pk, **WHY)
    person = User.objects.get(pk=alice.user.pk)
    assert (methods.enabled(person), person.must_enrol, methods.required(person)) == (
        False,
        True,
        True,
    )


def test_a_session_that_is_ended_in_the_admin_is_over(alice: Linked, bob: Linked) -> None:
    theirs = two_factor_browser(alice.user)
    other = two_factor_browser(alice.user)
    desk = in_role(bob, "help desk")
    assert "alice@example.org" in desk.get(SESSIONS).content.decode()
    first = SignIn.objects.filter(user=alice.user).earliest("started_at")
    act(desk, SESSIONS, "end", first.pk, **WHY)
    assert (is_signed_in(theirs), is_signed_in(other)) == (False, True)
    assert last(EventKind.SESSION_ENDED).detail.endswith("bob@example.org: Phone lost, called back")


@pytest.mark.parametrize("role", ["auditor", "help desk", "administrator", "superuser"])
def test_a_list_is_downloaded_with_what_is_shown_and_that_is_written_down(
    alice: Linked, bob: Linked, role: str
) -> None:
    answer = act(in_role(bob, role), DEVICES, "download", alice.row.pk, **WHY)
    heads, line = answer.content.decode().splitlines()
    assert heads.startswith("public_id,user,name,state,platform")
    assert line.startswith(f"{alice.row.public_id},alice@example.org,Pixel 8,active")
    detail = last(EventKind.EXPORTED).detail
    assert detail == "administrator bob@example.org: Phone lost, called back: device, 1 rows"


def test_the_list_of_accounts_is_downloaded_without_what_it_does_not_show(
    alice: Linked, bob: Linked
) -> None:
    auditor = in_role(bob, "auditor")
    assert auditor.get(PEOPLE).context["cl"].date_hierarchy == "date_joined"
    heads, line = act(auditor, PEOPLE, "download", alice.user.pk, **WHY).content.decode().split()
    assert heads.startswith("login_id,is_active,is_staff,must_enrol,date_joined,last_login")
    assert line.startswith("alice@example.org,True,False,False,")


def test_events_of_an_account_that_is_gone_are_downloaded_too(alice: Linked, bob: Linked) -> None:
    make_user("gone@example.org").delete()
    auditor = in_role(bob, "auditor")
    keys = SecurityEvent.objects.values_list("pk", flat=True)
    assert act(auditor, EVENTS, "download", *keys).status_code == 200
    assert "text/csv" in act(auditor, EVENTS, "download", *keys, **WHY)["Content-Type"]


# --- Who may not --------------------------------------------------------------------------


@pytest.mark.parametrize("page", [DEVICES, SESSIONS, PEOPLE])
def test_an_auditor_is_offered_nothing_but_to_read(alice: Linked, bob: Linked, page: str) -> None:
    two_factor_browser(alice.user)
    text = in_role(bob, "auditor").get(page).content.decode()
    assert "alice@example.org" in text
    for action in ("revoke", "end", "remove_methods", "delete_selected"):
        assert f'value="{action}"' not in text


def test_d95_an_auditor_who_forges_the_action_revokes_nothing(alice: Linked, bob: Linked) -> None:
    act(in_role(bob, "auditor"), DEVICES, "revoke", alice.row.pk, **WHY)
    assert state(alice.row) == DeviceState.ACTIVE


@pytest.mark.parametrize("rights", ["is_staff", "is_superuser"])
def test_the_help_desk_does_not_touch_staff(alice: Linked, bob: Linked, rights: str) -> None:
    desk = in_role(bob, "help desk")
    two_factor_browser(alice.user)
    User.objects.filter(pk=alice.user.pk).update(**{rights: True})
    answer = act(desk, DEVICES, "revoke", alice.row.pk, **WHY)
    assert "only a superuser" in desk.get(answer["Location"]).content.decode()
    act(desk, PEOPLE, "remove_methods", alice.user.pk, **WHY)
    act(desk, SESSIONS, "end", SignIn.objects.get(user=alice.user).pk, **WHY)
    assert state(alice.row) == DeviceState.ACTIVE
    assert SignIn.objects.filter(user=alice.user).exists()


def test_an_administrator_switches_people_off_and_no_staff(alice: Linked, bob: Linked) -> None:
    administrator = in_role(bob, "administrator")
    page = f"{PEOPLE}{alice.user.pk}/change/"
    User.objects.filter(pk=alice.user.pk).update(is_staff=True)
    assert administrator.post(page, WHY).status_code == 403
    User.objects.filter(pk=alice.user.pk).update(is_staff=False)
    assert administrator.post(page, WHY).status_code == 302
    assert not User.objects.get(pk=alice.user.pk).is_active


@pytest.mark.parametrize("role", ["auditor", "help desk", "administrator", "superuser"])
def test_nobody_lifts_themselves(bob: Linked, role: str) -> None:
    visitor = in_role(bob, role)
    before = User.objects.get(pk=bob.user.pk)
    others = Group.objects.exclude(pk__in=before.groups.all()).values_list("pk", flat=True)
    lifted = {"is_active": "on", "is_staff": "on", "is_superuser": "on", "groups": list(others)}
    visitor.post(f"{PEOPLE}{bob.user.pk}/change/", {**lifted, **WHY})
    after = User.objects.get(pk=bob.user.pk)
    assert (after.is_superuser, set(after.groups.all())) == (
        before.is_superuser,
        set(before.groups.all()),
    )


@pytest.mark.parametrize("role", ["auditor", "help desk", "administrator"])
def test_only_superusers_say_what_a_role_may_do(bob: Linked, role: str) -> None:
    visitor, group = in_role(bob, role), Group.objects.get(name=role)
    page = f"/admin/auth/group/{group.pk}/change/"
    assert visitor.post(page, {"name": role, "permissions": []}).status_code == 403
    assert group.permissions.exists()


def test_a_superuser_gives_a_role_and_the_record_names_it(alice: Linked, bob: Linked) -> None:
    role = Group.objects.get(name="auditor")
    posted = {"is_active": "on", "is_staff": "on", "groups": [role.pk], **WHY}
    in_role(bob, "superuser").post(f"{PEOPLE}{alice.user.pk}/change/", posted)
    assert list(User.objects.get(pk=alice.user.pk).groups.all()) == [role]
    detail = last(EventKind.ACCOUNT_CHANGED).detail
    assert detail == (
        "administrator bob@example.org: is_staff, groups (auditor): Phone lost, called back"
    )


def test_a_change_of_an_account_wants_its_reason(alice: Linked, bob: Linked) -> None:
    page = in_role(bob, "superuser").post(f"{PEOPLE}{alice.user.pk}/change/", {})
    assert "Say why" in page.content.decode()
    assert User.objects.get(pk=alice.user.pk).is_active


def test_a_change_of_what_a_role_may_do_is_written_down_with_its_reason(bob: Linked) -> None:
    group = Group.objects.get(name="auditor")
    page, superuser = f"{GROUPS}{group.pk}/change/", in_role(bob, "superuser")
    assert "Say why" in superuser.post(page, {"name": "readers"}).content.decode()
    superuser.post(page, {"name": "readers", **WHY})
    detail = last(EventKind.ROLE_CHANGED).detail
    assert detail.startswith("administrator bob@example.org: group readers: name")
    assert detail.endswith(": Phone lost, called back")


def test_groups_are_deleted_for_a_reason_and_not_with_their_policy(bob: Linked) -> None:
    superuser, bare, bound = in_role(bob, "superuser"), *map(make_group, ("Sales", "Board"))
    Policy.objects.create(group=bound)
    act(superuser, GROUPS, "remove", bare.pk, bound.pk)
    assert Group.objects.filter(pk=bare.pk).exists()
    act(superuser, GROUPS, "remove", bare.pk, bound.pk, **WHY)
    assert set(Group.objects.filter(pk__in=[bare.pk, bound.pk])) == {bound}
    detail = last(EventKind.ROLE_CHANGED).detail
    assert detail == "administrator bob@example.org: Phone lost, called back: group Sales: deleted"


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_only_reads_groups_deletes_none(bob: Linked, role: str) -> None:
    group = make_group("Sales")
    act(in_role(bob, role), GROUPS, "remove", group.pk, **WHY)
    assert Group.objects.filter(pk=group.pk).exists()


def test_d94_a_login_of_more_than_five_minutes_ago_changes_nothing_in_the_admin(
    alice: Linked, bob: Linked
) -> None:
    desk = in_role(bob, "help desk")
    session = desk.session
    session["reauthenticated_at"] -= 301
    session.save()
    answer = act(desk, DEVICES, "revoke", alice.row.pk, **WHY)
    assert answer["Location"].startswith("/login/again/?next=%2Fadmin%2Fdevices%2Fdevice%2F")
    assert state(alice.row) == DeviceState.ACTIVE
    back = desk.get(f"{DEVICES}?confirmed")
    assert back["Location"] == DEVICES
    assert "Do it once more" in desk.get(DEVICES).content.decode()
