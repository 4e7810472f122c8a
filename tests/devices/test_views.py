"""The pages of linking, renaming and removing (D-33, D-38, D-40, D-42, D-43, D-99)."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F
from django.test import Client

from accounts.models import EventKind, KnownBrowser, SecurityEvent, User
from devices import enrolment, keys, protocol
from devices.models import Device, DeviceState, Enrolment, EnrolmentState
from tests.calls import claim_of, send
from tests.linked import Linked
from tests.pages import browser, is_signed_in, log_in, sign_in, two_factor_browser
from tests.people import VISITOR, claim_link, link_device, make_user
from tests.software_device import SoftwareDevice
from twofactor.models import BackupCodeSet

pytestmark = pytest.mark.django_db

LINK = "/2fa/add/kauth/"
STATE = f"{LINK}state/"
OVER = "The time for this link is over. Press Next for a new one."


@pytest.fixture
def desk(alice: Linked) -> Client:
    return two_factor_browser(alice.user)


def press(desk: Client, action: str, **fields: str) -> Any:
    return desk.post(LINK, {"action": action, **fields})


def offered(desk: Client) -> tuple[Enrolment, str]:
    page = press(desk, "next")
    return Enrolment.objects.order_by("-pk")[0], page.context["link"]


def claimed(desk: Client, name: str = "Laptop") -> tuple[SoftwareDevice, Device]:
    """The desk's offer, claimed by a device of this name."""
    _, address = offered(desk)
    device = SoftwareDevice(name)
    device.accept_claim(send("POST", "/device/v1/links", device.claim_body(address)).json())
    return device, Device.objects.get(public_id=device.device)


def goes_to(response: Any) -> str:
    return str(response.url)


def text_of(response: Any) -> str:
    return str(response.content.decode())


# --- The offer ----------------------------------------------------------------------------


def test_the_page_explains_and_offers_next(desk: Client) -> None:
    page = desk.get(LINK)
    assert page.context["step"] == "start"
    assert "Next" in text_of(page)
    assert page["Cache-Control"].find("no-store") >= 0


def test_next_shows_a_qr_and_the_same_link_to_copy(desk: Client) -> None:
    page = press(desk, "next")
    address = protocol.parse_link(page.context["link"])
    assert (address.origin, address.server_id) == (settings.KAUTH_ORIGIN, keys.server_id())
    assert page.context["qr"].startswith("<svg")
    assert page.context["link"].replace("&", "&amp;") in text_of(page)
    assert 295 <= page.context["seconds_left"] <= 300


def test_d36_the_link_is_shown_once_and_the_session_does_not_hold_it(desk: Client) -> None:
    _, address = offered(desk)
    token = protocol.b64(protocol.parse_link(address).token)
    assert token not in str(dict(desk.session))
    assert token not in text_of(desk.get(LINK))


def test_a_second_next_ends_the_first_link(desk: Client) -> None:
    first, _ = offered(desk)
    offered(desk)
    first.refresh_from_db()
    assert first.state == EnrolmentState.REPLACED


def test_with_five_devices_next_says_why_not(alice: Linked, desk: Client) -> None:
    for number in range(4):
        link_device(alice.user, f"Phone {number}")
    page = press(desk, "next")
    assert "You have 5 linked devices" in page.context["notice"]
    assert not Enrolment.objects.filter(state=EnrolmentState.OFFERED).exists()


def test_without_script_i_have_scanned_it_shows_the_qr_again(desk: Client) -> None:
    _, address = offered(desk)
    token = protocol.b64(protocol.parse_link(address).token)
    assert press(desk, "scanned", token=token).context["link"] == address
    for other in ("", "?", protocol.b64(b"t" * 32)):
        assert press(desk, "scanned", token=other).url == LINK


def test_without_script_i_have_scanned_it_goes_on_when_it_was(desk: Client) -> None:
    _, row = claimed(desk)
    assert press(desk, "scanned").url == LINK
    assert desk.get(LINK).context["device"] == row


def test_cancel_ends_the_link(desk: Client) -> None:
    made, _ = offered(desk)
    assert press(desk, "cancel").url == "/2fa/"
    made.refresh_from_db()
    assert made.state == EnrolmentState.REFUSED


# --- Is this your device? -----------------------------------------------------------------


def test_d38_the_computer_shows_name_browser_network_and_the_number(desk: Client) -> None:
    device, row = claimed(desk)
    Device.objects.filter(pk=row.pk).update(linked_browser="Safari on iOS")
    page = desk.get(LINK)
    assert page.context["check_number"] == device.check_number
    shown = text_of(page)
    assert {"Laptop", "Safari on iOS", "203.0.113.9"} == {
        fact for fact in ("Laptop", "Safari on iOS", "203.0.113.9") if fact in shown
    }
    assert "Yes, this is my device" in shown


def test_d99_a_device_name_is_text_on_the_page(desk: Client) -> None:
    claimed(desk, "<img src=x onerror=alert(1)>")
    shown = text_of(desk.get(LINK))
    assert "<img src=x" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_d38_yes_links_it(desk: Client) -> None:
    _, row = claimed(desk)
    response = press(desk, "confirm", device=str(row.public_id))
    assert response.url == "/2fa/backup-codes/"
    row.refresh_from_db()
    assert row.is_active
    assert is_signed_in(desk)


def test_yes_to_a_device_that_waits_no_more_shows_who_waits_now(desk: Client) -> None:
    _, mine = claimed(desk, "Mine")
    _, theirs = claimed(desk, "Somebody else's")
    assert press(desk, "confirm", device=str(mine.public_id)).url == LINK
    theirs.refresh_from_db()
    assert theirs.state == DeviceState.PENDING
    shown = text_of(desk.get(LINK))
    assert f'name="device" value="{theirs.public_id}"' in shown


def test_d38_no_kills_token_and_key(desk: Client) -> None:
    _, row = claimed(desk)
    page = press(desk, "refuse")
    assert "That device is not linked" in page.context["notice"]
    row.refresh_from_db()
    assert row.state == DeviceState.REVOKED
    assert press(desk, "confirm").context["notice"] == OVER


def test_a_foreign_claim_of_the_photographed_qr_stays_outside_without_yes(desk: Client) -> None:
    _, address = offered(desk)
    thief, owner = SoftwareDevice("Thief"), SoftwareDevice("Mine")
    send("POST", "/device/v1/links", thief.claim_body(address))
    late = send("POST", "/device/v1/links", owner.claim_body(address))
    assert late.json()["error"] == "already_claimed"
    assert desk.get(LINK).context["device"].name == "Thief"
    assert Device.objects.active().count() == 1


def test_after_five_minutes_the_page_begins_anew(desk: Client) -> None:
    _, row = claimed(desk)
    Enrolment.objects.update(expires_at=F("created_at"))
    assert desk.get(STATE).json() == {"step": "ended", "seconds_left": 0}
    page = desk.get(LINK)
    assert (page.context["step"], page.context["notice"]) == ("start", OVER)
    press(desk, "confirm")
    row.refresh_from_db()
    assert row.state == DeviceState.PENDING


def test_yes_at_a_full_account_says_so(alice: Linked, desk: Client) -> None:
    claimed(desk)
    for number in range(4):
        link_device(alice.user, f"Phone {number}")
    assert "You have 5 linked devices" in press(desk, "confirm").context["notice"]


def test_the_state_tells_how_far_the_offer_is(desk: Client) -> None:
    assert desk.get(STATE).json()["step"] == "ended"
    offered(desk)
    assert desk.get(STATE).json()["step"] == "offered"
    claimed(desk)
    state = desk.get(STATE).json()
    assert (state["step"], 295 <= state["seconds_left"] <= 300) == ("claimed", True)


def test_another_session_neither_sees_nor_confirms_it(alice: Linked, desk: Client) -> None:
    _, row = claimed(desk)
    other = two_factor_browser(alice.user)
    assert other.get(STATE).json()["step"] == "ended"
    assert press(other, "confirm").context["notice"] == OVER
    row.refresh_from_db()
    assert row.state == DeviceState.PENDING


def test_the_first_device_switches_two_factor_on_and_keeps_this_session_only() -> None:
    user = make_user("carol@example.org")
    desk, elsewhere = browser(), browser()
    for visitor in (desk, elsewhere):
        sign_in(visitor, user.login_id)
    claimed(desk)
    assert press(desk, "confirm").url == "/2fa/backup-codes/"
    assert is_signed_in(desk)
    assert not is_signed_in(elsewhere)
    assert BackupCodeSet.objects.get(user=user).codes.count() == 10
    assert KnownBrowser.objects.filter(user=user).count() == 1


# --- Who may ------------------------------------------------------------------------------


def pages_of(alice: Linked) -> list[str]:
    own = f"/2fa/devices/{alice.row.public_id}/"
    return [LINK, own, f"{own}remove/"]


def test_d33_a_login_of_more_than_five_minutes_ago_is_confirmed_first(
    alice: Linked, desk: Client
) -> None:
    session = desk.session
    session["reauthenticated_at"] -= 301
    session.save()
    for page in pages_of(alice):
        for response in (desk.get(page), desk.post(page, {"action": "next"})):
            assert goes_to(response) == f"/login/again/?next={page.replace('/', '%2F')}"
    assert Device.objects.get().is_active


def test_d34_a_pending_login_reaches_none_of_it(alice: Linked) -> None:
    visitor = browser()
    log_in(visitor)
    for page in [*pages_of(alice), STATE]:
        assert goes_to(visitor.get(page)).startswith("/login/")
        assert goes_to(visitor.post(page, {"action": "next"})).startswith("/login/")
    assert Enrolment.objects.count() == 1


def test_d41_a_session_of_before_the_second_factor_links_nothing(alice: Linked) -> None:
    """With the password alone, as a session had it that somehow outlived the change."""
    visitor = browser()
    visitor.force_login(alice.user)
    for page in pages_of(alice):
        assert goes_to(visitor.post(page, {"action": "next"})) == "/login/again/"


def test_another_persons_device_is_not_there(alice: Linked, bob: Linked) -> None:
    visitor = two_factor_browser(bob.user)
    for page in pages_of(alice)[1:]:
        assert visitor.get(page).status_code == 404
        assert visitor.post(page, {"name": "Mine"}).status_code == 404
    assert Device.objects.active().count() == 2


# --- One device ---------------------------------------------------------------------------


def test_a_device_is_renamed(alice: Linked, desk: Client) -> None:
    own = pages_of(alice)[1]
    assert goes_to(desk.post(own, {"name": " Kitchen\u202e "})) == own
    assert Device.objects.get().name == "Kitchen"
    assert "Type a name" in text_of(desk.post(own, {"name": " "}))
    assert desk.post(own, {"name": "x" * 41}).status_code == 200


def test_d42_removing_asks_first_and_takes_effect_at_once(alice: Linked, desk: Client) -> None:
    link_device(alice.user, "Laptop")
    page = pages_of(alice)[2]
    assert desk.get(page).context["last"] is False
    assert Device.objects.active().count() == 2
    assert goes_to(desk.post(page)) == "/2fa/"
    assert [device.name for device in Device.objects.active()] == ["Laptop"]
    event = SecurityEvent.objects.get(kind=EventKind.DEVICE_REMOVED)
    assert (event.detail, event.address) == ("the person", "198.51.100.1")


def test_d43_removing_the_last_says_that_two_factor_is_off_then(
    alice: Linked, desk: Client
) -> None:
    page = pages_of(alice)[2]
    shown = desk.get(page)
    assert shown.context["last"] is True
    assert "switches 2FA off" in text_of(shown)
    desk.post(page)
    assert SecurityEvent.objects.filter(kind=EventKind.TWO_FACTOR_OFF).count() == 1
    assert not BackupCodeSet.objects.exists()
    assert not User.objects.get().must_enrol


def test_a_removed_device_has_no_page(alice: Linked, desk: Client) -> None:
    _, laptop = link_device(alice.user, "Laptop")
    enrolment.revoke(laptop, visitor=VISITOR, by="a test")
    assert desk.get(laptop.get_absolute_url()).status_code == 404


def test_d23_a_session_that_a_removed_device_opened_needs_another_one(
    alice: Linked, desk: Client
) -> None:
    link_device(alice.user, "Laptop")
    enrolment.revoke(alice.row, visitor=VISITOR, by="a test")
    assert goes_to(desk.get("/2fa/")) == "/login/again/"


def test_a_pending_device_has_no_page(alice: Linked, desk: Client) -> None:
    _, row = claim_link(alice.user, SoftwareDevice())
    assert desk.get(row.get_absolute_url()).status_code == 404


def test_the_qr_s_address_explains_itself_to_everybody() -> None:
    page = browser().get("/app/link")
    assert page.status_code == 200
    assert "python -m devices.client link" in text_of(page)


def test_a_claim_by_the_server_s_own_verbs_shows_up_too(alice: Linked, desk: Client) -> None:
    _, address = offered(desk)
    given = claim_of(SoftwareDevice("By hand").claim_body(address))
    enrolment.claim(enrolment.find(given.token), given, visitor=VISITOR, here=False)
    assert desk.get(LINK).context["browser"] == VISITOR.browser


def test_an_offer_s_seconds_never_go_below_nought(desk: Client) -> None:
    made, _ = offered(desk)
    Enrolment.objects.filter(pk=made.pk).update(expires_at=made.created_at + timedelta(seconds=1))
    assert desk.get(STATE).json()["seconds_left"] in (0, 1)
