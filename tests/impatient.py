"""What tests of the door share that watch clients who go, wait or talk nonsense."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.servers import SECONDS, address, door
from tests.support import INPAINTING, KEY, mock_of

from testcard.card.engine import CardEngine
from testcard.common.job import PictureJob
from testcard.doors.deadlines import Deadlines
from testcard.doors.endpoint import caller_left
from testcard.mock.core import Mock

SOON = Deadlines(head=0.2, body=0.2, idle=0.2, probe=0.05)
HEALTH = b"GET /_testcard/health HTTP/1.1\r\nHost: x\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d+) ")


class Patient(CardEngine):
    """Paints when it is let, or stops when its client is gone."""

    def __init__(self) -> None:
        """Begin with nothing asked for."""
        super().__init__()
        self.began, self.let, self.left = Event(), Event(), Event()

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Wait for either."""
        self.began.set()
        while not self.let.wait(0.01):
            if caller_left():
                self.left.set()
                raise CancelledError
        yield from super().paint(job)


@pytest.fixture
def engine() -> Iterator[Patient]:
    engine = Patient()
    yield engine
    engine.let.set()


@pytest.fixture
def mock(engine: Patient) -> Mock:
    return mock_of(INPAINTING, engine=engine)


@pytest.fixture
def base(mock: Mock, caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """A server; nothing may be logged while it runs, nor as it ends."""
    caplog.set_level(logging.INFO, "asyncio")
    with door(mock, SOON) as base:
        yield base
    assert [each.getMessage() for each in caplog.records if each.name != "asyncio"] == []
    assert not [each for each in caplog.records if each.exc_info]


def painting(*headers: str, size: str = "64x64") -> bytes:
    """Return a call that needs a picture painted."""
    body = b'{"prompt": "a barn", "size": "%s"}' % size.encode()
    head = [
        f"POST /{INPAINTING.provider}{INPAINTING.path} HTTP/1.1",
        "Host: x",
        "Content-Type: application/json",
        f"{INPAINTING.key_header}: {KEY}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


@contextmanager
def connected(base: str, *pieces: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(address(base), SECONDS) as client:
        for piece in pieces:
            client.sendall(piece)
        yield client


def rest(client: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    seen = b""
    while more := client.recv(1 << 20):
        seen += more
    return seen


def statuses(seen: bytes) -> list[int]:
    """Return the final statuses in what came, in their order."""
    return [int(each) for each in STATUS.findall(seen) if each != b"100"]
