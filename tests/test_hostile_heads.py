"""Heads that go on and on: refused as they pass the bound, and whoever sends on is not heard."""

from __future__ import annotations

import socket
from contextlib import suppress

from tests.servers import SECONDS, address, serving, stop

LONG = 10_000_000
HEADS = {
    "a path": b"GET /segmind/" + b"%61" * (LONG // 3) + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a header": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * LONG + b"\r\n\r\n",
    "headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: a\r\n" * (LONG // 8) + b"\r\n",
}


def test_a_head_without_end_is_refused_once_and_leaves_no_traceback() -> None:
    """What came after the refusal was refused again, on a transport that had been closed."""
    with serving() as served:
        for name, head in HEADS.items():
            with socket.create_connection(address(served.base), SECONDS) as client:
                client.sendall(head[:200_000])
                assert b" 431 " in client.recv(1 << 16), name
                with suppress(OSError):  # reset, or a broken pipe
                    client.sendall(head[200_000:])
        stop(served)
        assert "Fatal error" not in served.log
