"""Real servers for tests: `testcard serve` as a process, and the HTTP door in a thread.

Each listens on a free port of 127.0.0.1 and is seen to end cleanly.
"""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from testcard.doors.at_once import AtOnce
from testcard.doors.deadlines import Deadlines
from testcard.doors.http import application, at_once
from testcard.doors.listening import PatientServer, listening_socket, server_config
from testcard.mock.core import Mock

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "testcard.cli.start")
SECONDS = 60.0  # that a busy machine may take
T = TypeVar("T")
_BASE = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Served:
    """A `testcard serve` that runs.

    Attributes:
        base: scheme, host and port.
        process: the command itself.
        output: file that takes what it writes, errors too.
    """

    base: str
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.output.read_text(encoding="utf-8")


@contextmanager
def serving(
    *arguments: str, environment: Mapping[str, str] | None = None, folder: Path = ROOT
) -> Iterator[Served]:
    """Run `testcard serve` with `arguments`; at the end interrupt it, unless that was done."""
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "output"
        with output.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603 (our own command)
                [*COMMAND, "serve", "--port", "0", *arguments],
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
            )
        try:
            served = Served(_base_said(process, output), process, output)
            yield served
            if process.poll() is None:
                stop(served)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def stop(served: Served, by: signal.Signals = signal.SIGINT) -> None:
    """Interrupt a server as Ctrl-C does: it ends well, and nobody listens any more."""
    served.process.send_signal(by)
    well = (0,) if by == signal.SIGINT else (0, -by)
    assert served.process.wait(SECONDS) in well, served.log
    assert "Traceback" not in served.log, served.log
    assert not answers(served.base)


def answers(base: str) -> bool:
    """Whether anybody takes connections at `base`."""
    with socket.socket() as client:
        return client.connect_ex(address(base)) == 0


def address(base: str) -> tuple[str, int]:
    """Return host and port of a base URL."""
    parts = urlsplit(base)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def _base_said(process: subprocess.Popen[bytes], output: Path) -> str:
    def said() -> re.Match[str] | None:
        text = output.read_text(encoding="utf-8")
        assert process.poll() is None, text
        return _BASE.search(text) if "Ctrl-C" in text else None

    found = until(said)
    assert found, output.read_text(encoding="utf-8")
    return found[0]


def until(asked: Callable[[], T]) -> T:
    """Ask again and again until the answer is true, or time is up; return the last answer."""
    limit = time.monotonic() + SECONDS
    while not (answer := asked()) and time.monotonic() < limit:
        time.sleep(0.02)
    return answer


@contextmanager
def door(
    mock: Mock,
    deadlines: Deadlines = Deadlines(),  # noqa: B008
    *,
    cors: bool = True,
) -> Iterator[str]:
    """Serve `mock` through the HTTP door in a thread of this process; yield the base URL."""
    with serve(application(mock, cors=cors), deadlines, at_once(mock)) as base:
        yield base


@contextmanager
def serve(
    app: ASGIApp,
    deadlines: Deadlines = Deadlines(),  # noqa: B008
    at_once: AtOnce | None = None,
) -> Iterator[str]:
    """Serve an ASGI application as testcard's servers do; yield the base URL."""
    server = PatientServer(server_config(app, grace=SECONDS, deadlines=deadlines, at_once=at_once))
    with listening_socket("127.0.0.1") as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert until(lambda: server.started)
            yield base
        finally:
            server.should_exit = True
            thread.join(SECONDS)
    assert not thread.is_alive()


def raw(base: str, *pieces: bytes, most: int | None = 1 << 20) -> bytes:
    """Send bytes as they are, piece by piece; return what comes back.

    That is the first of it, up to `most` bytes; with None, all until the other side closes.
    """
    with socket.create_connection(address(base), SECONDS) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            client.sendall(piece)
        if most is not None:
            return client.recv(most)
        seen = b""
        while more := client.recv(1 << 20):
            seen += more
        return seen
