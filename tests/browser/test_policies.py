"""An administrator asks a group for 2FA, and what its people meet from then on."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.gallery import Gallery
from tests.browser.person import Person
from tests.groups import in_days
from tests.services.server import ServerProcess

MAKE = """
from django.contrib.auth.models import Group
from accounts.models import User
group = Group.objects.create(name="Accounting")
group.user_set.add(User.objects.get(login_id={of!r}))
User.objects.filter(login_id={by!r}).update(is_staff=True, is_superuser=True)
"""


@pytest.fixture
def gallery() -> Gallery:
    return Gallery()


def test_an_administrator_requires_2fa_and_a_person_enrols_at_the_next_sign_in(
    member: Person, new_person: NewPerson, server: ServerProcess, gallery: Gallery
) -> None:
    clerk = new_person()
    clerk.signs_up()
    clerk.signs_out()
    made = server.manage("shell", "-c", MAKE.format(of=clerk.login_id, by=member.login_id))
    assert made.returncode == 0, made.stderr

    announces(member, in_days(3).isoformat())
    clerk.passes_the_password_to("/manager/")
    clerk.reads("Your group needs 2FA from")
    gallery.show_ours(clerk.page, "policy-announced")
    clerk.signs_out()

    requires_a_device(member, in_days(0).isoformat(), gallery)
    clerk.passes_the_password_to("/2fa/")
    clerk.reads("Your group needs 2FA. Add a method now (kAuth app); then the other pages open.")
    gallery.show_ours(clerk.page, "policy-required")
    clerk.open("/manager/")
    clerk.is_at("/2fa/")
    clerk.links()
    clerk.press("I have saved them")
    clerk.open("/manager/")
    clerk.is_at("/manager/")

    keeps_the_last_one(clerk, gallery)
    is_told_the_way_out(clerk, server, gallery)
    member.open("/admin/accounts/securityevent/?kind__exact=policy_changed")
    member.page.locator("#result_list th a").last.click()
    expect(member.page.get_by_text("group Accounting: require_from:")).to_be_visible()


def announces(admin: Person, day: str) -> None:
    admin.open("/admin/")
    admin.page.locator(".model-policy").get_by_role("link", name="Add").click()
    admin.page.get_by_label("Group:").select_option("Accounting")
    admin.page.get_by_label("2FA required from:").fill(day)
    admin.page.get_by_label("Reason:").fill("The insurer wants it")
    admin.press("Save")
    admin.is_at("/admin/accounts/policy/")


def requires_a_device(admin: Person, day: str, gallery: Gallery) -> None:
    admin.page.locator("#result_list").get_by_role("link", name="Accounting").click()
    admin.page.get_by_label("2FA required from:").fill(day)
    for other in ("OTP app", "Security key"):
        admin.page.get_by_label(other).uncheck()
    admin.page.get_by_label("Reason:").fill("Payments need it")
    gallery.show(admin.page, "admin-policy-change")
    admin.press("Save")
    admin.is_at("/admin/accounts/policy/")
    gallery.show(admin.page, "admin-policies")


def keeps_the_last_one(person: Person, gallery: Gallery) -> None:
    person.open("/2fa/")
    person.page.get_by_role("main").get_by_role("link", name="Remove").first.click()
    person.reads("this is your last method for it")
    gallery.show_ours(person.page, "policy-last-method")
    person.open("/manager/")
    person.signs_out()


def is_told_the_way_out(person: Person, server: ServerProcess, gallery: Gallery) -> None:
    """The phone is not allowed any more: a backup code, then what is."""
    assert server.manage("policies", "set", "Accounting", "--methods=otp").returncode == 0
    person.passes_the_password_to("/login/verify/backup-code/")
    person.reads("Use a backup code, then add a method that it uses: OTP app")
    gallery.show_ours(person.page, "policy-way-out")
    person.page.get_by_label("Backup code").fill(person.backup_codes[0])
    person.press("Continue")
    person.is_at("/2fa/")
    person.reads("Add one that it uses now (OTP app)")
