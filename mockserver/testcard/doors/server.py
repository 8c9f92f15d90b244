"""A mock on a port: socket, uvicorn, one log line a request.

Knows uvicorn and the terminal. Must not know providers or decide anything.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from testcard.doors.http import application
from testcard.doors.listening import listening_socket, server_config

if TYPE_CHECKING:
    from testcard.mock.core import Mock
    from testcard.mock.journal import Entry

_GRACE_SECONDS = 3


def serve_until_stopped(mock: Mock, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve `mock` until SIGINT or SIGTERM.

    Args:
        mock: what answers.
        host: address to listen on.
        port: 0 takes a free one.
        ready: called with the base URL once the port is open.

    Raises:
        OSError: the address cannot be listened on; the message says which.
    """
    listening = listening_socket(host, port)
    config = server_config(application(mock), grace=_GRACE_SECONDS)
    name = f"[{host}]" if ":" in host else host
    ready(f"http://{name}:{listening.getsockname()[1]}")
    with suppress(KeyboardInterrupt), listening:
        uvicorn.Server(config).run(sockets=[listening])


def log_line(entry: Entry) -> None:
    """Write one line about one call to standard output."""
    call, reply = entry.exchange.call, entry.exchange.reply
    who = f"{entry.provider or '-'} {entry.operation or '-'}"
    findings = f", {len(entry.findings)} findings" if entry.findings else ""
    findings += f", {len(entry.notes)} without effect" if entry.notes else ""
    detail = f": {entry.detail}" if entry.detail else ""
    sys.stdout.write(
        f"{time.strftime('%H:%M:%S')} {call.method} {call.parts.path} -> {reply.status} "
        f"[{who}] {entry.verdict}{detail} ({entry.exchange.elapsed * 1000:.1f} ms{findings})\n"
    )
    sys.stdout.flush()
