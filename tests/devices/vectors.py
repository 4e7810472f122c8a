"""docs/vectors.json, read once, and the frames that this project builds from its inputs."""

import json
from pathlib import Path
from typing import Any

from devices import p256, protocol
from devices.protocol import unb64

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "vectors.json").read_text()
)
INPUTS: dict[str, Any] = VECTORS["inputs"]
DEVICE_KEY = p256.private_from_scalar(int(INPUTS["device_private_scalar"], 16))
SERVER_KEY = p256.private_from_scalar(int(INPUTS["server_private_scalar"], 16))
SIGNED_BY_SERVER = {"link-server", "ws-server", "request tap", "request number"}

_PLACE = {"origin": INPUTS["origin"], "server_id": unb64(INPUTS["server_id"])}
_NONCES = {
    "nonce_device": unb64(INPUTS["nonce_device"]),
    "nonce_server": unb64(INPUTS["nonce_server"]),
}
_OFFER = {"token_hash": protocol.sha256(unb64(INPUTS["token"])), "key": unb64(INPUTS["device_key"])}
_DEVICE = {"device": INPUTS["device"]}
_IDS = {**_DEVICE, "account": INPUTS["account"]}
_QUESTION = {
    **_PLACE,
    **_IDS,
    "challenge": INPUTS["challenge"],
    "purpose": "login",
    "expires": INPUTS["expires"],
}


def request_fields(match: str) -> dict[str, Any]:
    return {
        **_QUESTION,
        "match": match,
        "created": INPUTS["created"],
        "context": INPUTS["context"],
    }


def answer_fields(match: str, decision: str, number: str) -> dict[str, Any]:
    return {
        **_QUESTION,
        "decision": decision,
        "number": number,
        "request_frame": protocol.request(**request_fields(match)),
    }


HTTP_FIELDS: dict[str, Any] = {
    **_PLACE,
    **_DEVICE,
    "method": "GET",
    "path": "/device/v1/requests",
    "body": b"",
    "time": INPUTS["time"],
    "nonce": unb64(INPUTS["http_nonce"]),
}
LINK_DEVICE_FIELDS: dict[str, Any] = {
    **_PLACE,
    **_OFFER,
    "name": INPUTS["name"],
    "nonce_device": _NONCES["nonce_device"],
}

# Vector name -> (the function that builds its frame, the function's arguments)
FRAMES: dict[str, tuple[Any, dict[str, Any]]] = {
    "link-device": (protocol.link_device, LINK_DEVICE_FIELDS),
    "link-server": (protocol.link_server, {**_PLACE, **_OFFER, **_IDS, **_NONCES}),
    "link-check": (protocol.link_check, {**_PLACE, **_OFFER, **_NONCES}),
    "ws-device": (protocol.ws_device, {**_PLACE, **_DEVICE, **_NONCES}),
    "ws-server": (
        protocol.ws_server,
        {**_PLACE, **_DEVICE, **_NONCES, "time": INPUTS["time"]},
    ),
    "request tap": (protocol.request, request_fields("tap")),
    "request number": (protocol.request, request_fields("number")),
    "answer approve, tap": (protocol.answer, answer_fields("tap", "approve", "")),
    "answer approve 47, number": (protocol.answer, answer_fields("number", "approve", "47")),
    "answer deny, tap": (protocol.answer, answer_fields("tap", "deny", "")),
    "answer report, number": (protocol.answer, answer_fields("number", "report", "")),
    "http GET": (protocol.http, HTTP_FIELDS),
}
