"""Clients that go, say half, dribble or talk nonsense: what they get, and that no trace is left."""

from __future__ import annotations

import socket

import pytest
from tests.impatient import HEALTH, Patient, base, connected, engine, mock, painting, rest, statuses
from tests.servers import SECONDS, raw, until

from testcard.mock.core import Mock

__all__ = ["base", "engine", "mock"]  # fixtures


# Who says no more


def test_who_ends_its_side_is_answered_though_a_picture_takes_its_time(
    base: str, engine: Patient
) -> None:
    """Interim answers (100) may come before: that is how it is known that it listens."""
    with connected(base, painting()) as client:
        client.shutdown(socket.SHUT_WR)
        assert engine.began.wait(SECONDS)
        assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        engine.let.set()
        assert statuses(rest(client)) == [200]


def test_who_ends_its_side_after_several_calls_gets_every_answer(
    base: str, engine: Patient
) -> None:
    engine.let.set()
    with connected(base, painting(), HEALTH, painting(size="64x128"), HEALTH) as client:
        client.shutdown(socket.SHUT_WR)
        assert statuses(rest(client)) == [200] * 4


@pytest.mark.parametrize("part", [HEALTH[:20], painting()[:-5]])
def test_who_ends_its_side_amid_a_call_is_told_so_and_let_go(base: str, part: bytes) -> None:
    with connected(base, part) as client:
        client.shutdown(socket.SHUT_WR)
        assert statuses(rest(client)) == [400]


def test_who_ends_amid_a_second_call_gets_the_answer_to_the_first(
    base: str, engine: Patient
) -> None:
    engine.let.set()
    with connected(base, painting(), painting()[:-5]) as client:
        client.shutdown(socket.SHUT_WR)
        assert statuses(rest(client)) in ([200], [200, 400])


# Who is gone


@pytest.mark.parametrize("behind", [b"", HEALTH, HEALTH * 20, painting(), painting()[:-5], b"x"])
def test_who_goes_while_a_picture_is_painted_is_noticed(
    base: str, engine: Patient, mock: Mock, behind: bytes
) -> None:
    """With calls in its queue too, whole or not; the next client is answered."""
    with connected(base, painting()) as client:
        assert engine.began.wait(SECONDS)
        if behind:
            client.sendall(behind)
    if not behind or behind == b"x":
        assert engine.left.wait(SECONDS)
    engine.let.set()
    assert until(lambda: len(mock.journal.entries()) >= 1)
    assert statuses(raw(base, HEALTH)) == [200]


def test_who_goes_by_a_reset_is_noticed(base: str, engine: Patient) -> None:
    with connected(base, painting()) as client:
        assert engine.began.wait(SECONDS)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert engine.left.wait(SECONDS)


def test_a_queue_is_bounded_while_a_picture_is_painted(base: str, engine: Patient) -> None:
    """What is sent behind it stays in the sockets: a client that never stops is held up."""
    with connected(base, painting()) as client:
        assert engine.began.wait(SECONDS)
        client.settimeout(0.5)
        sent = 0
        while sent < 64 << 20:
            try:
                sent += client.send(HEALTH * 1000)
            except TimeoutError:
                break
        assert sent < 64 << 20
        engine.let.set()


# Nonsense


@pytest.mark.parametrize("stray", [b"\0\1\2", b"stray bytes\r\n\r\n", b"GET\r\n\r\n", b"}\r\n"])
def test_nonsense_behind_a_call_takes_no_answer_away(
    base: str, engine: Patient, stray: bytes
) -> None:
    """One answer for one call; then the connection is closed."""
    with connected(base, painting() + stray) as client:
        assert engine.began.wait(SECONDS)
        client.sendall(stray)
        engine.let.set()
        seen = rest(client)
    assert statuses(seen) == [200]
    assert b"connection: close" in seen


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_nonsense_alone_is_a_bad_request(base: str, sent: bytes) -> None:
    assert statuses(raw(base, sent, most=None)) == [400]


def test_a_head_without_end_is_refused(base: str) -> None:
    line = b"x-filler: " + b"a" * 1000 + b"\r\n"
    with connected(base, b"GET / HTTP/1.1\r\n") as client:
        try:
            while True:
                client.sendall(line)
        except OSError:
            pass  # it was cut off, which is what is asked for
