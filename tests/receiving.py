"""A receiver of callbacks on a port of this machine, which answers as it is told.

Knows sockets of a test's own. Must not know the mock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass(frozen=True)
class Received:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and what is answered: statuses in their order, the last one for ever.

    A status of 0 answers nothing for as long as the block lasts.
    """

    statuses: list[int] = field(default_factory=lambda: [204])
    got: list[Received] = field(default_factory=list)
    url: str = ""
    ended: Event = field(default_factory=Event)


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    """Listen on a free port of 127.0.0.1."""
    receiver = Receiver(list(statuses) or [204])

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append(Received(self.command, self.path, dict(self.headers), body))
            left = receiver.statuses
            status = left.pop(0) if len(left) > 1 else left[0]
            if not status:
                receiver.ended.wait(30)
                return
            self.send_response(status)
            self.send_header("Location", f"{receiver.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT = _take  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
