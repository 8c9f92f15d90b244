"""How an answer leaves: its head and a small body in one write, and never a head too late."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from testcard.doors.transport import Corked

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Transport:
    """Keeps what is written, write by write."""

    def __init__(self) -> None:
        """Begin open."""
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        """Keep what is written."""
        self.written.append(data)

    def close(self) -> None:
        """Be closed."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self.closed


class Answer:
    """A transport with a cork, and an answer that begins when it is told to."""

    def __init__(self) -> None:
        """Begin before the answer."""
        self.transport = Transport()
        self.begun = False
        self.corked = Corked(cast("asyncio.Transport", self.transport), lambda: self.begun)
        self.corked.begin()

    def write(self, *data: bytes) -> list[bytes]:
        """Write, and return all that has left."""
        for each in data:
            self.corked.write(each)
        return self.transport.written


@pytest.fixture
def answer() -> Answer:
    return Answer()


def test_a_head_leaves_with_its_body_in_one_write(answer: Answer) -> None:
    answer.begun = True
    assert answer.write(HEAD) == []
    assert answer.write(b"body") == [HEAD + b"body"]
    assert answer.write(b"more") == [HEAD + b"body", b"more"]


def test_a_large_body_is_not_copied_for_it(answer: Answer) -> None:
    answer.begun = True
    large = b"x" * 1_000_000
    head, body = answer.write(HEAD, large)
    assert head == HEAD
    assert body is large


def test_what_comes_before_an_answer_leaves_at_once(answer: Answer) -> None:
    going_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.write(going_on) == [going_on]
    answer.begun = True
    assert answer.write(HEAD, b"") == [going_on, HEAD]


@pytest.mark.parametrize("end", ["flush", "close"])
def test_a_head_without_a_body_leaves_at_the_end(answer: Answer, end: Any) -> None:
    answer.begun = True
    answer.write(HEAD)
    getattr(answer.corked, end)()
    answer.corked.flush()
    assert answer.transport.written == [HEAD]
    assert answer.corked.is_closing() is (end == "close")


def test_each_answer_of_a_connection_has_a_head_of_its_own(answer: Answer) -> None:
    answer.begun = True
    answer.write(HEAD, b"one")
    answer.corked.begin()
    assert answer.write(HEAD, b"two") == [HEAD + b"one", HEAD + b"two"]
