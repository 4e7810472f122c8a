"""The admin: behind both factors, with nothing secret in it."""

import time
from typing import Any

import django_otp
import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.login import RECENT
from accounts.models import EventKind, SecurityEvent, User
from devices.models import Device, DeviceState
from tests.people import PASSWORD, link_device, make_user

pytestmark = pytest.mark.django_db

PAGES = [
    "admin:index",
    "admin:accounts_user_changelist",
    "admin:accounts_securityevent_changelist",
    "admin:devices_device_changelist",
    "admin:devices_enrolment_changelist",
    "admin:twofactor_challenge_changelist",
    "admin:twofactor_otpapp_changelist",
    "admin:twofactor_securitykey_changelist",
    "admin:accounts_signin_changelist",
]


def signed_in_with(user: User, device: Device | None, client: Client) -> None:
    client.force_login(user)
    if device is not None:
        session = client.session
        session[django_otp.DEVICE_ID_SESSION_KEY] = device.persistent_id
        session[RECENT] = int(time.time())
        session.save()


@pytest.fixture
def client(settings: Any) -> Client:
    return Client(HTTP_HOST=settings.KAUTH_HOST)


@pytest.fixture
def superuser() -> User:
    return make_user("root@example.org", is_staff=True, is_superuser=True)


def test_d94_a_staff_password_posted_to_the_admin_opens_no_session(
    client: Client, superuser: User
) -> None:
    posted = {"username": superuser.login_id, "password": PASSWORD}
    answer = client.post("/admin/login/", posted)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")
    assert "_auth_user_id" not in client.session


def test_the_admin_names_its_parts_in_words(client: Client, superuser: User) -> None:
    _, device = link_device(superuser)
    superuser.refresh_from_db()
    signed_in_with(superuser, device, client)
    page = client.get("/admin/").content.decode()
    for words in ("People and what happened", "Devices and linking", "Signing in"):
        assert words in page
    assert "Twofactor" not in page


def test_d97_a_superuser_without_a_device_can_open_the_2fa_section_only(
    client: Client, superuser: User
) -> None:
    signed_in_with(superuser, None, client)
    assert client.get("/admin/")["Location"] == "/2fa/"
    assert client.get("/manager/")["Location"] == "/2fa/"
    assert client.get("/2fa/").status_code == 200


def test_an_ordinary_user_gets_no_admin(client: Client) -> None:
    user = make_user()
    _, device = link_device(user)
    user.refresh_from_db()
    signed_in_with(user, device, client)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/manager/"


@pytest.mark.parametrize("page", PAGES)
def test_d95_no_page_of_the_admin_shows_a_secret(
    client: Client, superuser: User, page: str
) -> None:
    _, device = link_device(superuser)
    superuser.refresh_from_db()
    signed_in_with(superuser, device, client)
    answer = client.get(reverse(page))
    assert answer.status_code == 200
    text = answer.content.decode()
    secrets = [bytes(device.public_key).hex(), superuser.password, device.enrolment.token_hash]
    assert not [secret for secret in secrets if secret in text]


def test_revoking_in_the_admin_unlinks_and_is_written_down(client: Client, superuser: User) -> None:
    _, own = link_device(superuser)
    _, theirs = link_device(make_user())
    superuser.refresh_from_db()
    signed_in_with(superuser, own, client)
    posted = {"action": "revoke", "_selected_action": [theirs.pk], "reason": "lost"}
    client.post(reverse("admin:devices_device_changelist"), posted)
    theirs.refresh_from_db()
    assert theirs.state == DeviceState.REVOKED
    event = SecurityEvent.objects.filter(kind=EventKind.DEVICE_REMOVED).first()
    assert event is not None
    assert event.detail == "administrator root@example.org: lost"


def test_d100_evidence_cannot_be_changed_or_deleted(client: Client, superuser: User) -> None:
    _, device = link_device(superuser)
    superuser.refresh_from_db()
    signed_in_with(superuser, device, client)
    event = SecurityEvent.objects.first()
    assert event is not None
    change = reverse("admin:accounts_securityevent_change", args=[event.pk])
    delete = reverse("admin:accounts_securityevent_delete", args=[event.pk])
    assert client.post(change, {"detail": "forged"}).status_code == 403
    assert client.post(delete, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "probe",
    [
        "twofactor/challenge/?number=47",
        "twofactor/challenge/?binding__startswith=a",
        "accounts/user/?password__startswith=argon2",
        "devices/device/?user__password__startswith=argon2",
        "devices/enrolment/?token_hash__startswith=a",
        "accounts/policy/?reason=a",
        "accounts/policy/?methods__startswith=a",
    ],
)
def test_d95_a_hidden_column_cannot_be_probed_by_a_filter(
    client: Client, superuser: User, probe: str
) -> None:
    _, device = link_device(superuser)
    superuser.refresh_from_db()
    signed_in_with(superuser, device, client)
    assert client.get(f"/admin/{probe}").status_code == 400


@pytest.mark.parametrize("filter_", ["?state__exact=active", "?q=alice", "?created_at__year=2026"])
def test_the_filters_of_the_page_itself_work(client: Client, superuser: User, filter_: str) -> None:
    _, device = link_device(superuser)
    superuser.refresh_from_db()
    signed_in_with(superuser, device, client)
    assert client.get(f"/admin/devices/device/{filter_}").status_code == 200


def test_staff_cannot_give_themselves_rights(client: Client) -> None:
    clerk = make_user("clerk@example.org", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    _, device = link_device(clerk)
    clerk.refresh_from_db()
    signed_in_with(clerk, device, client)
    page = reverse("admin:accounts_user_change", args=[clerk.pk])
    client.post(page, {"is_active": "on", "is_superuser": "on", "reason": "curious"})
    clerk.refresh_from_db()
    assert not clerk.is_superuser


def test_switching_an_account_off_ends_what_was_begun_and_is_written_down(
    client: Client, superuser: User
) -> None:
    _, device = link_device(superuser)
    superuser.refresh_from_db()
    signed_in_with(superuser, device, client)
    user = make_user()
    page = reverse("admin:accounts_user_change", args=[user.pk])
    assert client.post(page, {"reason": "left the firm"}).status_code == 302
    changed = User.objects.get(pk=user.pk)
    assert not changed.is_active
    assert changed.security_epoch == user.security_epoch + 1
    assert changed.password == user.password
    event = SecurityEvent.objects.filter(kind=EventKind.ACCOUNT_CHANGED).get()
    assert event.detail == "administrator root@example.org: is_active: left the firm"


def test_an_account_cannot_be_deleted_in_the_admin(client: Client, superuser: User) -> None:
    _, device = link_device(superuser)
    superuser.refresh_from_db()
    signed_in_with(superuser, device, client)
    page = reverse("admin:accounts_user_delete", args=[make_user().pk])
    assert client.post(page, {"post": "yes"}).status_code == 403
