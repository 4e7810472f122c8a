"""The device socket and the waiting page's doorbell: real frames into the real application."""

import json
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.utils import timezone

from accounts import clock
from accounts.models import User
from devices import changes, enrolment
from devices.models import Device, DeviceState, Enrolment
from devices.protocol import SOCKET_PATH, CloseCode
from tests.linked import Linked
from tests.pages import browser, log_in
from tests.people import VISITOR, claim_link, link_device
from tests.sockets import device_socket, device_wire, opened, page_wire, stranger_socket
from tests.software_device import SoftwareDevice
from tests.twofactor.asking import ask
from twofactor import practice
from twofactor.models import Challenge, State

pytestmark = pytest.mark.django_db(transaction=True)

asked = sync_to_async(ask)


async def refused(wire: WebsocketCommunicator) -> bool:
    accepted, _ = await wire.connect(10)
    return not accepted


async def test_a_device_is_asked_and_its_answer_is_taken(alice: Linked) -> None:
    async with device_socket(alice.phone) as socket:
        challenge = await asked(alice)
        request = await socket.hear()
        assert alice.phone.accepts_request(socket.hello["server_key"], request)
        await socket.say({"t": "seen", "challenge": request["challenge"]})
        await socket.say(alice.phone.answer_body(request, "approve"))
        result = await socket.hear()
        assert result == {"t": "result", "challenge": challenge.pk, "ok": True, "state": "approved"}
        assert await socket.hear() == {
            "t": "closed",
            "challenge": challenge.pk,
            "state": "approved",
            "device": alice.phone.device,
            "by": "Pixel 8",
        }
    assert (await Challenge.objects.aget(pk=challenge.pk)).state == State.APPROVED


async def test_a_question_that_nobody_answered_closes_without_a_name(alice: Linked) -> None:
    async with device_socket(alice.phone) as socket:
        earlier = await asked(alice)
        await socket.hear()
        await asked(alice)
        closed = {"t": "closed", "challenge": earlier.pk, "state": "superseded"}
        assert await socket.hear() == closed


async def test_a_practice_request_comes_over_the_socket_of_its_device(alice: Linked) -> None:
    laptop, _ = await sync_to_async(link_device)(alice.user, "Laptop")
    async with device_socket(alice.phone) as phone, device_socket(laptop) as other:
        begun = await sync_to_async(practice.begin)(alice.row, visitor=VISITOR)
        assert (await phone.hear())["challenge"] == begun.pk
        assert await other.hears_nothing()


async def test_d40_a_change_is_told_over_the_socket_until_it_is_seen(alice: Linked) -> None:
    await Device.objects.aupdate(provisioned_at=timezone.now())
    tell = sync_to_async(changes.tell)
    async with device_socket(alice.phone) as socket:
        await tell(alice.user, "method_added", "OTP app")
        notice = await socket.hear()
        assert (notice["t"], notice["kind"]) == ("notice", "method_added")
    async with device_socket(alice.phone) as socket:
        assert await socket.hear() == notice
        await socket.say({"t": "seen", "challenge": notice["notice"]})
    async with device_socket(alice.phone) as socket:
        assert await socket.hears_nothing()


async def test_d80_a_question_from_before_the_socket_is_asked_on_connecting(alice: Linked) -> None:
    challenge = await asked(alice)
    async with device_socket(alice.phone) as socket:
        assert (await socket.hear())["challenge"] == challenge.pk


async def test_d01_the_number_never_travels_to_the_device(alice: Linked, settings: Any) -> None:
    settings.KAUTH_NUMBER_DIGITS = 6
    async with device_socket(alice.phone) as socket:
        challenge = await asked(alice, known=False)
        request = await socket.hear()
        await socket.say(alice.phone.answer_body(request, "approve", challenge.number))
        await socket.hear()
        await socket.hear()
        assert not [text for text in socket.heard if challenge.number in text]


async def test_d14_without_the_key_nobody_gets_in(alice: Linked) -> None:
    async with stranger_socket() as socket:
        proof = alice.phone.sign_ws(socket.hello)
        await socket.say({**proof, "sig": "A" * 86})
        assert await socket.closed_with() == CloseCode.NOT_AUTHENTICATED


async def test_d77_a_recorded_proof_is_good_for_no_other_greeting(alice: Linked) -> None:
    async with stranger_socket() as first:
        recorded = alice.phone.sign_ws(first.hello)
    async with stranger_socket() as second:
        await second.say(recorded)
        assert await second.closed_with() == CloseCode.NOT_AUTHENTICATED


async def test_d77_silence_is_ended(alice: Linked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twofactor.consumers.AUTH_SECONDS", 0)
    async with stranger_socket() as socket:
        assert await socket.closed_with() == CloseCode.NO_AUTH_IN_TIME


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x00\x01", CloseCode.BAD_MESSAGE),
        ("no json", CloseCode.BAD_MESSAGE),
        ("[]", CloseCode.BAD_MESSAGE),
        ('{"t":7}', CloseCode.BAD_MESSAGE),
        ('{"t":"auth"}', CloseCode.BAD_MESSAGE),
        ('{"t":"ping"}', CloseCode.NOT_AUTHENTICATED),
        ('{"t":"' + "x" * 9000 + '"}', CloseCode.TOO_BIG),
    ],
)
async def test_what_a_stranger_sends_ends_with_its_code(
    alice: Linked, frame: bytes | str, code: CloseCode
) -> None:
    async with stranger_socket() as socket:
        await socket.say_raw(frame)
        assert await socket.closed_with() == code


async def test_d78_a_flood_is_ended(alice: Linked) -> None:
    async with device_socket(alice.phone) as socket:
        for _ in range(40):
            await socket.say({"t": "ping"})
        assert await socket.closed_with() == CloseCode.TOO_MANY


async def test_d78_a_sixth_socket_of_a_device_is_closed_until_another_one_is(
    alice: Linked,
) -> None:
    async with AsyncExitStack() as five:
        sockets = [await five.enter_async_context(device_socket(alice.phone)) for _ in range(5)]
        async with stranger_socket() as sixth:
            await sixth.say(alice.phone.sign_ws(sixth.hello))
            assert await sixth.closed_with() == CloseCode.TOO_MANY
        assert await sockets[0].hears_nothing()
        await sockets[0].wire.disconnect()
        async with device_socket(alice.phone) as again:
            assert await again.hears_nothing()


async def test_a_removed_device_is_told_and_thrown_out(alice: Linked) -> None:
    async with device_socket(alice.phone) as socket:
        await sync_to_async(enrolment.revoke)(alice.row, visitor=VISITOR, by="a test")
        assert await socket.closed_with() == CloseCode.REVOKED
        assert json.loads(socket.heard[-1]) == {"t": "revoked"}


async def test_d79_a_removal_that_rang_nobody_is_seen_at_the_next_message(alice: Linked) -> None:
    async with device_socket(alice.phone) as socket:
        assert await socket.hears_nothing()
        rows = Device.objects.filter(pk=alice.row.pk)
        await rows.aupdate(state=DeviceState.REVOKED, confirmed=False)
        await socket.say({"t": "ping"})
        assert await socket.closed_with() == CloseCode.REVOKED


async def test_d39_a_pending_device_is_thrown_out_with_its_offers_time(alice: Linked) -> None:
    phone = SoftwareDevice("Laptop")
    await sync_to_async(claim_link)(alice.user, phone)
    async with device_socket(phone) as socket:
        assert socket.ready["state"] == "pending"
        assert await socket.hears_nothing()
        now = await sync_to_async(clock.now)()
        await Enrolment.objects.filter(device__name="Laptop").aupdate(expires_at=now)
        await socket.say({"t": "ping"})
        assert await socket.closed_with() == CloseCode.REVOKED
    async with stranger_socket() as again:
        await again.say(phone.sign_ws(again.hello))
        assert await again.closed_with() == CloseCode.REVOKED


async def test_the_bell_of_a_locked_account_ends_the_socket_in_good_order(alice: Linked) -> None:
    async with device_socket(alice.phone) as socket:
        assert await socket.hears_nothing()
        await User.objects.filter(pk=alice.user.pk).aupdate(is_active=False)
        await asked(alice)
        assert await socket.closed_with() == CloseCode.NOT_AUTHENTICATED


@pytest.mark.parametrize(
    "origin",
    [b"https://evil.example", b"http://localhost:8443", b"https://localhost:8000", b"null"],
)
async def test_d74_another_origin_opens_no_socket(alice: Linked, origin: bytes) -> None:
    visitor = browser()
    assert await refused(device_wire(headers=[(b"origin", origin)]))
    assert await refused(page_wire("/ws/login/", visitor, origin))


async def test_d76_without_the_sub_protocol_there_is_no_socket(alice: Linked) -> None:
    assert await refused(device_wire(subprotocols=[]))


async def test_d76_what_stands_in_a_sockets_address_proves_nothing(alice: Linked) -> None:
    async with stranger_socket() as socket:
        proof = alice.phone.sign_ws(socket.hello)
    query = urlencode({**proof, "token": "x", "device": alice.phone.device})
    async with opened(device_wire(path=f"{SOCKET_PATH}?{query}")) as socket:
        assert (await socket.hear())["t"] == "hello"
        await socket.say({"t": "ping"})
        assert await socket.closed_with() == CloseCode.NOT_AUTHENTICATED


async def test_d80_the_waiting_page_hears_changed_and_takes_no_command(alice: Linked) -> None:
    visitor = browser()
    await sync_to_async(log_in)(visitor)
    await sync_to_async(visitor.get)("/login/verify/")
    challenge = await Challenge.objects.aget(user=alice.user)
    async with opened(page_wire("/ws/login/", visitor)) as socket:
        # The page came with all there is to say.
        assert await socket.wire.receive_nothing(0.05)
        await socket.say({"t": "approve", "challenge": challenge.pk})
        async with device_socket(alice.phone) as device:
            request = await device.hear()
            await device.say({"t": "seen", "challenge": request["challenge"]})
            assert await socket.hear() == {"t": "changed"}
    assert (await Challenge.objects.aget(pk=challenge.pk)).state == State.PENDING


@pytest.mark.parametrize("happened", [{"seen_by": True}, {"state": State.DENIED}])
async def test_what_happened_before_a_page_listened_is_told_when_it_does(
    alice: Linked, happened: dict[str, Any]
) -> None:
    visitor = browser()
    await sync_to_async(log_in)(visitor)
    await sync_to_async(visitor.get)("/login/verify/")
    changes = {"seen_by": alice.row} if "seen_by" in happened else happened
    await Challenge.objects.filter(user=alice.user).aupdate(**changes)
    async with opened(page_wire("/ws/login/", visitor)) as socket:
        assert await socket.hear() == {"t": "changed"}


async def test_a_page_that_waits_for_nothing_gets_no_socket(alice: Linked) -> None:
    assert await refused(page_wire("/ws/login/", browser()))
    assert await refused(page_wire("/ws/link/", browser()))
