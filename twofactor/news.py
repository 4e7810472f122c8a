"""What a device is told: read from the rows at the moment of telling, signed for it alone."""

from typing import Any

from devices import changes
from devices.models import Device
from twofactor import challenges, practice, requests


def questions(device: Device) -> list[dict[str, Any]]:
    """All that this device can answer now: its account's question, and its own practice."""
    found = (challenges.open_for(device), practice.open_for(device))
    return [requests.message(question, device) for question in found if question is not None]


def everything(device: Device) -> list[dict[str, Any]]:
    """What a device that has just come is told."""
    return [*questions(device), *changes.waiting(device)]


def question(device: Device) -> list[dict[str, Any]]:
    """The question to its account, if there is one that it can answer."""
    found = challenges.open_for(device)
    return [] if found is None else [requests.message(found, device)]


def closing(challenge_id: str, state: str) -> dict[str, Any]:
    """The end of a question, with the device that answered it, if one did."""
    message = {"t": "closed", "challenge": challenge_id, "state": state}
    ended = challenges.with_answerer(challenge_id)
    by = ended.answered_by if ended else None
    return message | ({"device": str(by.public_id), "by": by.name} if by else {})


def seen(identifier: str, device: Device) -> None:
    """A person has the question, or the notice, of this identifier before their eyes."""
    challenges.seen(identifier, device)
    changes.seen(identifier, device)
