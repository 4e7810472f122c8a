"""Text stays text, and lines are read from whatever standard input is."""

import asyncio
import io
import os
import pty
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.client.terminal import Lines, Terminal, safe, short

UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(max_size=500))
def test_d99_no_text_can_move_the_cursor_or_turn_the_line(text: str) -> None:
    shown = safe(text)
    assert {unicodedata.category(char) for char in shown} & UNSAFE == set()
    assert len(shown) <= 400


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;new title\x07rest", "rest"),
        ("\x1b]8;;https://x\x1b\\link", "link"),
        ("\x9b2Jgone", "gone"),
        ("\x1bPdevice\x1b\\text", "text"),
        ("\x1b", ""),
        ("ab\u202ecd\u2069", "abcd"),
        ("one\ntwo\rthree\u2028four", "onetwothreefour"),
        ("e\u0301", "é"),
        ("Ünïcode 日本", "Ünïcode 日本"),
    ],
)
def test_d99_what_a_terminal_would_obey_is_left_out(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_value_is_short() -> None:
    assert short("a" * 81) == "a" * 79 + "…"


def test_every_way_out_is_safe() -> None:
    output, errors = io.StringIO(), io.StringIO()
    terminal = Terminal(output, errors)
    terminal.say("a\x1b[2Jb")
    terminal.warn("a\x1b[2Jb")
    terminal.prompt("a\nb")
    terminal.say_json({"name": "\x1b\x9b\x7f\u202e"})
    assert errors.getvalue() == "ab\n"
    assert output.getvalue().startswith("ab\nab {")
    assert {unicodedata.category(char) for char in output.getvalue() if char != "\n"} & UNSAFE == (
        set()
    )


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)


async def read(lines: Lines) -> str | None:
    async with asyncio.timeout(10):
        return await lines.next()


async def test_lines_come_one_by_one(pipe: tuple[int, int]) -> None:
    lines = Lines(pipe[0])
    os.write(pipe[1], "one\r\ntwö\n\nfour".encode())
    assert [await read(lines) for _ in range(3)] == ["one", "twö", ""]


async def test_the_end_of_a_file_is_the_end(pipe: tuple[int, int]) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"one\nrest")
    os.close(writing)
    lines = Lines(reading)
    assert [await read(lines) for _ in range(4)] == ["one", "rest", None, None]


async def test_a_closed_input_is_an_ended_one() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    assert await read(Lines(reading)) is None


async def test_a_device_that_cannot_be_watched_is_read_too() -> None:
    assert await read(Lines(os.open(os.devnull, os.O_RDONLY))) is None


async def test_a_line_without_end_is_cut(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"a" * 5000)
    line = await read(Lines(pipe[0]))
    assert line is not None
    assert len(line) <= 1000


async def test_an_abandoned_wait_does_not_lose_the_line(pipe: tuple[int, int]) -> None:
    lines = Lines(pipe[0])
    waiting = asyncio.create_task(lines.next())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    os.write(pipe[1], b"later\n")
    assert await read(lines) == "later"


async def test_what_was_piped_in_before_the_question_counts(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"y\n")
    lines = Lines(pipe[0])
    lines.forget_typed()
    assert await read(lines) == "y"


async def test_d11_what_was_typed_before_the_question_does_not_count() -> None:
    controller, terminal = pty.openpty()
    lines = Lines(terminal)
    assert lines.is_terminal
    os.write(controller, b"y\n")
    os.read(controller, 3)  # the echo: the line has arrived at the terminal
    lines.forget_typed()
    os.write(controller, b"n\n")
    assert await read(lines) == "n"


async def test_d11_a_line_typed_after_a_withdrawn_question_does_not_answer_the_next() -> None:
    controller, terminal = pty.openpty()
    lines = Lines(terminal)
    abandoned = lines.begin_reading()
    os.write(controller, b"y\n")
    async with asyncio.timeout(10):
        await abandoned
    lines.forget_typed()
    os.write(controller, b"n\n")
    assert await read(lines) == "n"
