"""Rings devices and waiting pages. It carries "look again" and ids, never a decision.

Losing a ring loses nothing: whoever waits also asks by itself. So a channel layer that is away
is a line in the log and no more.
"""

import logging
from functools import partial
from typing import Any

from channels.layers import get_channel_layer
from django.db import transaction

from accounts import metrics

logger = logging.getLogger(__name__)


def device_group(public_id: object) -> str:
    return f"device.{public_id}"


def account_group(user_id: object) -> str:
    """All connected devices of one account."""
    return f"account.{user_id}"


def challenge_group(challenge: str) -> str:
    """The page that waits for this challenge."""
    return f"challenge.{challenge}"


def enrolment_group(enrolment: int) -> str:
    """The page that waits for a device to claim this offer."""
    return f"enrolment.{enrolment}"


def pages_group(user_id: object) -> str:
    """All open pages of the sessions that are signed in to one account."""
    return f"pages.{user_id}"


def works() -> bool:
    """Whether a ring would leave: asks the layer once."""
    return _send("health", {"type": "health"})


def ring(group: str, kind: str, **ids: Any) -> None:
    """After the commit, calls the method `kind` of every consumer in `group`."""
    transaction.on_commit(partial(_send, group, {"type": kind, **ids}))


def _send(group: str, message: dict[str, Any]) -> bool:
    # Either layer of ours can be rung without an event loop, which each call would have to make.
    layer: Any = get_channel_layer()
    try:
        layer.ring(group, message)
    except Exception as error:  # noqa: BLE001 - every layer has exceptions of its own
        logger.warning("Nobody was rung in %s: %s", group.partition(".")[0], error)
        metrics.RINGS.labels("late").inc()
        return False
    metrics.RINGS.labels("sent").inc()
    return True
