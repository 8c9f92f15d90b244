"""How long a client is waited for, and what a server that ends says to those in its way."""

from __future__ import annotations

import signal
import socket
from http.client import HTTPResponse

import pytest
from tests.impatient import HEALTH, Patient, base, connected, engine, mock, painting, rest, statuses
from tests.servers import SECONDS, address, raw, serving, stop

__all__ = ["base", "engine", "mock"]  # fixtures


# Who takes its time


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"", []),
        (b"\r\n", []),
        (b"GE", [408]),
        (HEALTH[:-2], [408]),
        (painting()[:-5], [408]),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", [408]),
        (HEALTH, [200]),
        (HEALTH + b"\r\n", [200]),
        (HEALTH + HEALTH[:9], [200, 408]),
    ],
)
def test_nobody_is_waited_for_for_ever(base: str, said: bytes, status: list[int]) -> None:
    """A call that does not come whole is refused in time; an idle connection is closed."""
    assert statuses(raw(base, said, most=None)) == status


@pytest.mark.parametrize("part", [HEALTH[:-2], b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"])
def test_a_head_that_dribbles_is_cut_off(base: str, part: bytes) -> None:
    """A line now and then puts the end of a head no further off."""
    with connected(base, part) as client:
        client.settimeout(0.05)
        seen = b""
        for _ in range(200):
            if part == HEALTH[:-2]:
                client.sendall(b"x: y\r\n")
            try:
                seen += client.recv(1000)
                break
            except TimeoutError:
                continue
    assert statuses(seen) == [408]


def test_a_body_that_comes_slowly_is_waited_for(base: str, engine: Patient) -> None:
    """It takes several times what a stall may; each piece is in time."""
    engine.let.set()
    call = painting()
    with connected(base, call[:-30]) as client:
        for at in range(len(call) - 30, len(call)):
            client.sendall(call[at : at + 1])
            client.settimeout(0.02)
            with pytest.raises(TimeoutError):
                client.recv(1)
            if at == len(call) - 2:
                break
        client.settimeout(SECONDS)
        client.sendall(call[-1:])
        answer = HTTPResponse(client)
        answer.begin()
        assert answer.status == 200


def test_a_picture_that_takes_long_is_no_stall(base: str, engine: Patient) -> None:
    """Deadlines are for what a client owes; here it owes nothing."""
    with connected(base, painting("Connection: close")) as client:
        assert engine.began.wait(SECONDS)
        client.settimeout(1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        engine.let.set()
        client.settimeout(SECONDS)
        assert statuses(rest(client)) == [200]


# The end of a server


def test_a_body_that_stalls_as_the_server_ends_gets_an_answer_of_its_own() -> None:
    """It says that the server was stopped; nothing is logged but that."""
    with serving("appypie-inpainting") as served:
        with connected(served.base, painting()[:-5]) as client:
            assert statuses(raw(served.base, HEALTH)) == [200]
            served.process.send_signal(signal.SIGTERM)
            seen = rest(client)
        assert served.process.wait(SECONDS) in (0, -signal.SIGTERM)
        assert "Traceback" not in served.log
    assert statuses(seen) == [503]
    assert b"stopped" in seen


def test_stopping_it_amid_many_kinds_of_connection_is_clean() -> None:
    parts = [b"", HEALTH[:9], painting()[:-5], HEALTH]
    with serving("appypie-inpainting") as served:
        clients = [socket.create_connection(address(served.base), SECONDS) for _ in parts]
        for client, part in zip(clients, parts, strict=True):
            client.sendall(part)
        stop(served)
        for client in clients:
            client.close()
