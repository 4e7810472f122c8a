"""Policies in the admin: set, changed and cleared in words, each time on record."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import EventKind, SecurityEvent
from accounts.policy_models import Policy
from tests.groups import in_days
from tests.linked import Linked
from tests.pages import two_factor_browser

pytestmark = pytest.mark.django_db

LIST, ADD = "/admin/accounts/policy/", "/admin/accounts/policy/add/"


@pytest.fixture
def group(bob: Linked) -> Group:
    group = Group.objects.create(name="Staff")
    group.user_set.add(bob.user)
    return group


@pytest.fixture
def desk(alice: Linked) -> Client:
    alice.user.is_staff = alice.user.is_superuser = True
    alice.user.save()
    return two_factor_browser(alice.user)


def asked(group: Group, **changed: Any) -> dict[str, Any]:
    usual = {"group": group.pk, "require_from": in_days(7).isoformat()}
    ticked = {"allow_keys": "on", "allow_kauth": "on", "allow_otp": "on"}
    return {**usual, **ticked, "reason": "the audit", **changed}


def seen(desk: Client, page: str) -> str:
    """What the page has hidden in it: the policy as whoever looks sees it."""
    return str(desk.get(page).context["adminform"].form.initial["seen"])


def last_event() -> SecurityEvent:
    return SecurityEvent.objects.filter(kind=EventKind.POLICY_CHANGED).latest("id")


def test_the_page_says_what_each_field_asks_for(desk: Client, group: Group) -> None:
    page = desk.get(ADD).content.decode()
    for words in (
        "2FA required from",
        "kAuth app</label>",
        "gets the strictest of each",
        "Backup codes always work",
    ):
        assert words in page


def test_a_policy_is_set_on_record(desk: Client, group: Group) -> None:
    saved = desk.post(ADD, asked(group, most_devices="2"))
    assert saved["Location"] == LIST
    policy = Policy.objects.get()
    assert (policy.group, policy.require_from, policy.most_devices) == (group, in_days(7), 2)
    event = last_event()
    assert event.detail.startswith("administrator alice@example.org: group Staff: require_from")
    assert event.detail.endswith("most_devices: none -> 2; why: the audit")
    assert event.address == "198.51.100.1"


def test_a_policy_is_changed_and_stays_with_its_group(desk: Client, group: Group) -> None:
    desk.post(ADD, asked(group))
    other = Group.objects.create(name="Board")
    page = f"{LIST}{Policy.objects.get().pk}/change/"
    changed = asked(other, seen=seen(desk, page))
    del changed["allow_otp"]
    desk.post(page, changed)
    assert (Policy.objects.get().group, Policy.objects.get().allow_otp) == (group, False)
    assert "methods: key+kauth+otp -> key+kauth" in last_event().detail


def test_of_two_administrators_at_once_the_second_undoes_nothing(
    desk: Client, group: Group
) -> None:
    desk.post(ADD, asked(group))
    page = f"{LIST}{Policy.objects.get().pk}/change/"
    before = seen(desk, page)
    desk.post(page, asked(group, most_devices="2", seen=before))
    answer = desk.post(page, asked(group, session_hours="8", seen=before))
    said = answer.context["adminform"].form.non_field_errors()
    assert "Somebody has changed this policy meanwhile" in str(said)
    assert (Policy.objects.get().most_devices, Policy.objects.get().session_hours) == (2, None)
    desk.post(page, asked(group, most_devices="2", session_hours="8", seen=seen(desk, page)))
    assert Policy.objects.get().session_hours == 8


def test_a_policy_without_a_method_is_refused_in_words(desk: Client, group: Group) -> None:
    page = desk.post(ADD, {"group": group.pk})
    assert "Allow one method at least, or nobody could log in." in page.content.decode()
    assert not Policy.objects.exists()


def test_without_a_reason_nothing_is_changed(desk: Client, group: Group) -> None:
    page = desk.post(ADD, asked(group, reason=""))
    assert "Say why. It stays in the record." in page.content.decode()
    assert not Policy.objects.exists()


def test_the_list_tells_in_words_what_is_asked_of_how_many(desk: Client, group: Group) -> None:
    Policy.objects.create(group=group, allow_otp=False, always_number=True, session_hours=8)
    page = desk.get(LIST).content.decode()
    assert '<td class="field-accounts">1</td>' in page
    assert "security key or kAuth app" in page
    assert "number always, 8 hours" in page


def test_policies_are_filtered_gone_through_by_date_and_downloaded(
    desk: Client, group: Group
) -> None:
    policy = Policy.objects.create(group=group, require_from=in_days(0), allow_otp=False)
    for query, found in (("?allow_otp__exact=1", 0), (f"?require_from__year={in_days(0).year}", 1)):
        assert desk.get(LIST + query).context["cl"].result_count == found
    assert desk.get(LIST).context["cl"].date_hierarchy == "require_from"
    chosen = {"action": "download", "_selected_action": policy.pk, "reason": "the audit"}
    table = desk.post(LIST, chosen).content.decode().splitlines()
    assert table[1] == f"Staff,{in_days(0).isoformat()},True,True,False,False,,"


def test_a_policy_is_cleared_for_a_reason(desk: Client, group: Group) -> None:
    policy = Policy.objects.create(group=group)
    chosen = {"action": "clear", "_selected_action": policy.pk}
    assert "Reason" in desk.post(LIST, chosen).content.decode()
    assert Policy.objects.exists()
    desk.post(LIST, {**chosen, "reason": "group is dissolved"})
    assert not Policy.objects.exists()
    who = "administrator alice@example.org: group is dissolved"
    assert last_event().detail == f"{who}: group Staff: cleared"
    assert desk.get(f"{LIST}{policy.pk}/delete/").status_code == 403


def test_staff_without_the_right_change_no_policy(
    desk: Client, alice: Linked, group: Group
) -> None:
    alice.user.is_superuser = False
    alice.user.save()
    alice.user.user_permissions.add(Permission.objects.get(codename="view_policy"))
    policy = Policy.objects.create(group=group)
    assert desk.get(LIST).status_code == 200
    assert desk.post(f"{LIST}{policy.pk}/change/", asked(group)).status_code == 403
    assert desk.post(ADD, asked(group)).status_code == 403
