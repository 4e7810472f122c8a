"""The bell rings after the commit, carries ids only, and may be broken (D-17, D-89)."""

import logging
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from devices import doorbell
from kauth_site.embedded import EmbeddedChannelLayer

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """Somebody in the group, who hears by asking."""

    def __init__(self, group: str) -> None:
        self.layer: Any = get_channel_layer()
        async_to_sync(self.layer.group_add)(group, "listener")

    def heard(self) -> list[dict[str, Any]]:
        queue = self.layer.channels.get("listener")
        return [queue.get_nowait()[1] for _ in range(queue.qsize())] if queue else []


def test_a_ring_names_a_method_and_carries_ids() -> None:
    listener = Listener(doorbell.account_group(7))
    doorbell.ring(doorbell.account_group(7), "asked", challenge="c")
    assert listener.heard() == [{"type": "asked", "challenge": "c"}]


def test_it_rings_after_the_commit_and_never_for_what_was_rolled_back() -> None:
    listener = Listener("group")
    with transaction.atomic():
        doorbell.ring("group", "changed")
        assert listener.heard() == []
    assert len(listener.heard()) == 1
    with transaction.atomic():
        doorbell.ring("group", "changed")
        transaction.set_rollback(True)
    assert listener.heard() == []


def test_each_group_has_a_name_that_channels_takes() -> None:
    layer: Any = get_channel_layer()
    names = [
        doorbell.device_group("1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        doorbell.account_group("1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        doorbell.challenge_group("-_" * 21 + "A"),
        doorbell.enrolment_group(2**63),
    ]
    assert len(set(names)) == 4
    assert all(layer.require_valid_group_name(name) for name in names)


class BrokenLayer(EmbeddedChannelLayer):
    """A layer whose Redis is away."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionError("nobody there")


def test_d17_a_broken_bell_is_a_line_in_the_log_and_no_more(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    layer = f"{__name__}.{BrokenLayer.__qualname__}"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": layer}}
    assert not doorbell.works()
    with caplog.at_level(logging.WARNING):
        doorbell.ring("challenge.secret-id", "changed")
    assert "Nobody was rung in challenge: nobody there" in caplog.text
    assert "secret-id" not in caplog.text


def test_a_working_bell_says_so() -> None:
    assert doorbell.works()
