"""The server's key signs; a device's key counts only as it was stored (D-15, D-26, D-88)."""

import pytest

from accounts.models import EventKind, SecurityEvent
from devices import keys, p256, protocol
from devices.models import Device
from devices.protocol import unb64
from tests.linked import Linked
from tests.software_device import SoftwareDevice

pytestmark = pytest.mark.django_db

FRAME = protocol.frame("kauth/v1/test", b"what is signed")


def signed(alice: Linked, frame: bytes = FRAME) -> bytes:
    return unb64(alice.phone.sign(frame))


def test_the_server_signs_under_the_key_that_it_shows() -> None:
    public = p256.load_public(keys.public())
    assert p256.verify(public, unb64(keys.sign(FRAME)), FRAME)
    assert keys.server_id() == protocol.sha256(keys.public())


def test_d15_the_server_keeps_public_keys_only(alice: Linked) -> None:
    row = Device.objects.get()
    assert bytes(row.public_key) == alice.phone.public
    private = p256.private_to_bytes(alice.phone.key)
    values = [value for value in vars(row).values() if isinstance(value, bytes | memoryview)]
    assert not any(private in bytes(value) for value in values)


def test_a_signature_by_the_stored_key_counts(alice: Linked) -> None:
    assert keys.device_signed(alice.row, signed(alice), FRAME)


def test_another_frame_or_key_does_not(alice: Linked) -> None:
    assert not keys.device_signed(alice.row, signed(alice, FRAME + b"\0"), FRAME)
    other = unb64(SoftwareDevice().sign(FRAME))
    assert not keys.device_signed(alice.row, other, FRAME)


def test_d88_a_key_planted_in_the_table_opens_nothing_and_is_noticed(alice: Linked) -> None:
    thief = SoftwareDevice()
    Device.objects.filter(pk=alice.row.pk).update(public_key=thief.public)
    row = Device.objects.get(pk=alice.row.pk)
    assert not keys.device_signed(row, unb64(thief.sign(FRAME)), FRAME)
    event = SecurityEvent.objects.get(kind=EventKind.TAMPERED)
    assert (event.user_id, event.method) == (alice.user.pk, "key")


def test_d88_a_row_moved_to_another_account_opens_nothing(alice: Linked, bob: Linked) -> None:
    Device.objects.filter(pk=alice.row.pk).update(user=bob.user)
    row = Device.objects.get(pk=alice.row.pk)
    assert not keys.device_signed(row, signed(alice), FRAME)


def test_d25_the_algorithm_belongs_to_the_sealed_row(alice: Linked) -> None:
    Device.objects.filter(pk=alice.row.pk).update(algorithm="none")
    row = Device.objects.get(pk=alice.row.pk)
    assert not keys.device_signed(row, signed(alice), FRAME)


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\xff" * 64, b"\x30\x06\x02\x01", b"s"])
def test_d26_no_bytes_break_the_verification(alice: Linked, signature: bytes) -> None:
    assert not keys.device_signed(alice.row, signature, FRAME)
    keys.verify_in_vain(signature)
