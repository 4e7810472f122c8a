"""Whatever is sent to a socket, it answers as docs/protocol.md says, or closes with its code."""

import json

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from devices.protocol import CloseCode, ErrorCode, b64
from tests.anything import JSON, almost
from tests.linked import Linked, examples_share_rows
from tests.pages import browser, log_in
from tests.sockets import Socket, device_socket, opened, page_wire, stranger_socket

pytestmark = pytest.mark.django_db(transaction=True)

few = settings(examples_share_rows, max_examples=60)
RIGHT = {
    "t": "answer",
    "device": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
    "challenge": b64(b"c" * 32),
    "decision": "approve",
    "number": "47",
    "nonce": b64(b"n" * 32),
    "sig": b64(b"s" * 64),
}
RIGHT_KINDS = st.sampled_from(
    [{**RIGHT, "t": kind} for kind in ("answer", "seen", "ping", "auth", "request")]
)


def of_its_kind(right: dict[str, str]) -> SearchStrategy[dict[str, object]]:
    return almost(right).map(lambda odd: {**odd, "t": right["t"]})


FRAMES = (
    st.binary(max_size=200)
    | st.text(max_size=200)
    | JSON.map(json.dumps)
    | RIGHT_KINDS.flatmap(almost).map(json.dumps)
    | RIGHT_KINDS.flatmap(of_its_kind).map(json.dumps)
)
ENDS = {CloseCode.BAD_MESSAGE, CloseCode.NOT_AUTHENTICATED, CloseCode.TOO_BIG}


async def answered(socket: Socket) -> None:
    """Hears the answer to a ping, or the close; all that is heard before is a `result`."""
    await socket.say({"t": "ping"})
    while True:
        event = await socket.wire.receive_output(10)
        if event["type"] == "websocket.close":
            assert event["code"] in ENDS
            return
        message = json.loads(event["text"])
        if message["t"] == "pong":
            return
        assert message["t"] == "result"
        assert message["error"] in set(ErrorCode)


@few
@given(frame=FRAMES)
async def test_any_first_frame_of_a_stranger_ends_with_a_documented_code(
    alice: Linked, frame: bytes | str
) -> None:
    async with stranger_socket() as socket:
        await socket.say_raw(frame)
        assert await socket.closed_with() in ENDS


@few
@given(frames=st.lists(FRAMES, min_size=1, max_size=5))
async def test_any_frames_of_a_device_have_a_documented_answer_or_end(
    alice: Linked, frames: list[bytes | str]
) -> None:
    async with device_socket(alice.phone) as socket:
        for frame in frames:
            await socket.say_raw(frame)
        await answered(socket)


@pytest.fixture
def desk(alice: Linked) -> Client:
    """A browser on the waiting page."""
    visitor = browser()
    log_in(visitor)
    visitor.get("/login/verify/")
    return visitor


@few
@given(frames=st.lists(FRAMES, min_size=1, max_size=5))
async def test_any_frames_of_a_page_are_not_heard(desk: Client, frames: list[bytes | str]) -> None:
    async with opened(page_wire("/ws/login/", desk)) as socket:
        for frame in frames:
            await socket.say_raw(frame)
        assert await socket.wire.receive_nothing(0.01)
