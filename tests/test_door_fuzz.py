"""Hundreds of spoilt connections: whole calls are answered, nothing is logged, nothing breaks.

The seed is fixed; a failure names the connection, which is made again by its number.
"""

from __future__ import annotations

import logging
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import pytest
from tests.servers import SECONDS, address, door, raw
from tests.support import APIS, KEY, Client, mock_of

from testcard.doors.deadlines import Deadlines
from testcard.mock.core import Mock

CONNECTIONS = 400
SEED = 20_240_611
SOON = Deadlines(head=0.3, body=0.3, idle=0.3, probe=0.05)
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
OFFERS = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAQAAP__\r\n",
    "Expect: 100-continue\r\n",
    "X-Forwarded-Proto: https\r\nOrigin: https://shop.example\r\n",
)
METHODS = ("POST",) * 12 + ("GET", "HEAD", "OPTIONS", "PUT", "PROPFIND")
NONSENSE = (
    b"\0\1\2\3", b"\r\n\r\n\r\n", b"GET", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01", b"{}" * 9,
    b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET /\xff HTTP/1.1\r\n\r\n",
)  # fmt: skip


@dataclass(frozen=True)
class Script:
    """What one client does.

    Attributes:
        pieces: what it sends, one after another.
        whole: how many whole calls stand at the beginning.
        ends: whether it then ends its side.
    """

    pieces: tuple[bytes, ...]
    whole: int
    ends: bool


class Author:
    """Writes scripts, each from a number."""

    def __init__(self, mock: Mock) -> None:
        """Know a correct call to each operation."""
        self._calls = []
        for api in APIS:
            client = Client(api, mock)
            client.ask()
            call = client.entry.exchange.call
            headers = {**dict(call.headers), api.key_header: KEY}
            self._calls.append((f"/{api.provider}{api.path}", headers, call.body))

    def script(self, number: int) -> Script:
        """Return one client's script."""
        random = Random(SEED + number)  # noqa: S311 (no secret)
        whole = [self._call(random) for _ in range(random.choice((0, 1, 1, 1, 2, 4)))]
        spoilt = random.choice((b"", b"", self._spoilt(random), random.choice(NONSENSE)))
        sent = b"".join(whole) + spoilt
        cuts = sorted(random.randrange(len(sent) + 1) for _ in range(random.choice((0, 0, 1, 5))))
        edges = [0, *cuts, len(sent)]
        pieces = tuple(sent[a:b] for a, b in pairwise(edges) if a < b)
        return Script(pieces, len(whole), random.random() < 0.5)

    def _call(self, random: Random) -> bytes:
        path, headers, body = random.choice(self._calls)
        if random.random() < 0.3:
            body = self._mutated(random, body)
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        lines += [random.choice(OFFERS)] * (random.random() < 0.4)
        method = random.choice(METHODS)
        path += random.choice(("", "", "?a=%0A", "%0A", "/../x"))
        framed = body
        if random.random() < 0.3:
            lines.append("Transfer-Encoding: chunked\r\n")
            half = len(body) // 2
            parts = (each for each in (body[:half], body[half:]) if each)
            framed = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in parts)
            framed += b"0\r\n\r\n"
        else:
            lines.append(f"Content-Length: {len(body)}\r\n")
        random.shuffle(lines)
        return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{''.join(lines)}\r\n".encode() + framed

    def _spoilt(self, random: Random) -> bytes:
        call = self._call(random)
        return random.choice((call[: random.randrange(len(call))], self._mutated(random, call)))

    def _mutated(self, random: Random, data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(random.choice((1, 2, 8))):
            at = random.randrange(len(changed) + 1)
            how = random.randrange(4)
            if how == 0:
                changed[at:at] = random.randbytes(random.choice((1, 4)))
            elif how == 1:
                del changed[at : at + random.choice((1, 16))]
            elif how == 2 and at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            else:
                changed[at:at] = changed[at : at + 64]
        return bytes(changed)


def played(base: str, script: Script) -> list[int]:
    """Play a script; return the final statuses that came, until the other side closed."""
    seen = b""
    with socket.create_connection(address(base), SECONDS) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):  # closed on nonsense that is still being sent
            for piece in script.pieces:
                client.sendall(piece)
            if script.ends:
                client.shutdown(socket.SHUT_WR)
        while more := client.recv(1 << 20):
            seen += more
    return [int(each) for each in STATUS.findall(seen) if each != b"100"]


@pytest.fixture
def mock() -> Mock:
    return mock_of(*APIS)


def test_whole_calls_are_answered_whatever_comes_with_them(
    mock: Mock, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is a 500 that nobody asked for, nothing is logged, and the server still answers."""
    caplog.set_level(logging.INFO)
    author = Author(mock)
    scripts = [author.script(number) for number in range(CONNECTIONS)]
    with door(mock, SOON) as base:
        caplog.clear()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda script: played(base, script), scripts))
        health = raw(base, b"GET /_testcard/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert health.startswith(b"HTTP/1.1 200 ")
    for number, (script, statuses) in enumerate(zip(scripts, answers, strict=True)):
        assert len(statuses) >= script.whole, (number, script, statuses)
        assert not [each for each in statuses if each >= 500], (number, script, statuses)
    loud = [each for each in caplog.records if each.levelno >= logging.WARNING]
    ours = [each for each in loud if each.name.startswith(("uvicorn", "asyncio", "testcard"))]
    assert [each.getMessage() for each in ours] == []
    assert [each.getMessage() for each in caplog.records if each.exc_info] == []


def test_the_scripts_hold_what_is_to_be_borne() -> None:
    """Offers, chunks, queues, half-closes, cuts and nonsense: none of them went missing."""
    author = Author(mock_of(*APIS))
    scripts = [author.script(number) for number in range(CONNECTIONS)]
    sent = [b"".join(script.pieces) for script in scripts]
    for word in (b"websocket", b"h2c", b"100-continue", b"chunked", b"%0A", b"PROPFIND"):
        assert sum(word in each for each in sent) >= 10, word
    assert sum(script.whole > 1 for script in scripts) >= 50
    assert sum(script.ends for script in scripts) >= 100
    assert sum(len(script.pieces) > 3 for script in scripts) >= 50
