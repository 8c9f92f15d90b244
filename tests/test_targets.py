"""Targets: what answers in process, over HTTP, and what does not answer."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from testcard.common.message import Call, Reply
from testcard.contract.stand_in import StandIn
from testcard.contract.targets import Http, InProcess, Recording, Unreachable

SERVER = "https://api.example"
Answer = Callable[[BaseHTTPRequestHandler], None]


class _Server(ThreadingHTTPServer):
    answer: Answer
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.answer(self)

    do_POST = do_PUT = do_GET  # noqa: N815 (http.server's names)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """Answer on a free port of this machine."""
    with _Server(("127.0.0.1", 0), _Handler) as listening:
        listening.answer = answer
        Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}"
        finally:
            listening.shutdown()


def say(status: int, body: bytes, kind: str = "application/json") -> Answer:
    """Return an answer that is always the same."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("content-length") or 0)
        handler.rfile.read(length)
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def _silence(until: Event) -> None:
    until.wait(60)


def test_in_process_a_call_is_answered_and_timed() -> None:
    target = InProcess(lambda call: Reply(200, (), call.body), clock=lambda: 12.0)

    exchange = target.send(Call("POST", SERVER, (), b"x"), 1)

    assert (exchange.reply.body, exchange.started) == (b"x", 12.0)
    assert 0 <= exchange.elapsed < 1


def test_in_process_a_reply_that_comes_too_late_is_none() -> None:
    target = InProcess(lambda _: Reply(200, delay=5))

    with pytest.raises(Unreachable, match="no answer in 1 s") as found:
        target.send(Call("GET", SERVER), 1)
    assert found.value.late


def test_in_process_a_breakdown_is_told() -> None:
    def broken(_: Call) -> Reply:
        raise ZeroDivisionError

    with pytest.raises(Unreachable, match="ZeroDivisionError"):
        InProcess(broken).send(Call("GET", SERVER), 1)


def test_the_documented_server_is_mapped_to_the_base() -> None:
    seen: list[tuple[str, str, str | None]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.command, handler.path, handler.headers.get("X-Key")))
        say(201, b"{}")(handler)

    with server(answer) as base:
        target = Http(f"{base}/acme/", SERVER, secret=("x-key",))
        call = Call("PUT", f"{SERVER}/v1/a?b=1", (("X-Key", "k"), ("Host", "api.example")), b"body")
        exchange = target.send(call, 5)
        target.close()

    assert seen == [("PUT", "/acme/v1/a?b=1", "k")]
    assert exchange.call is call
    assert (exchange.reply.status, exchange.reply.body) == (201, b"{}")
    assert exchange.reply.header("content-length") is None


def test_other_hosts_are_asked_as_they_are_and_without_the_key() -> None:
    keys: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        keys.append(handler.headers.get("X-Key"))
        say(200, b"{}")(handler)

    with server(answer) as own, server(answer) as other:
        target = Http(own, SERVER, secret=("x-key",))
        for url in (f"{SERVER}/a", f"{own}/b", f"{other}/c"):
            target.send(Call("GET", url, (("X-Key", "k"),)), 5)
        target.close()

    assert keys == ["k", "k", None]


def test_a_server_whose_name_begins_alike_is_another() -> None:
    own = "http://127.0.0.1:9/x"

    assert StandIn(own, SERVER).at(f"{SERVER}.evil.example/a") == f"{SERVER}.evil.example/a"
    assert StandIn(own, SERVER).at(f"{SERVER}/a") == f"{own}/a"
    assert StandIn(None, SERVER).at(f"{SERVER}/a") == f"{SERVER}/a"


def test_redirects_are_not_followed() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with server(answer) as base:
        target = Http(base, SERVER)
        assert target.send(Call("GET", f"{SERVER}/a"), 5).reply.status == 302
        target.close()


def test_a_server_that_hangs_ends_with_a_clear_message_in_time() -> None:
    done = Event()
    with server(lambda _: (done.wait(60) and None) or None) as base:
        target = Http(base, SERVER)
        with pytest.raises(Unreachable, match=r"did not answer in 0\.3 s") as found:
            target.send(Call("GET", f"{SERVER}/a"), 0.3)
        done.set()
        target.close()

    assert found.value.late


def test_an_answer_that_drips_ends_in_time() -> None:
    done = Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not done.wait(0.05):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return

    with server(drip) as base:
        target = Http(base, SERVER)
        with pytest.raises(Unreachable, match="did not answer in"):
            target.send(Call("GET", f"{SERVER}/a"), 0.4)
        done.set()
        target.close()


def test_a_dead_port_ends_with_a_clear_message() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = Http(f"http://127.0.0.1:{port}", SERVER)

    with pytest.raises(Unreachable, match=f"127.0.0.1:{port} cannot be reached") as found:
        target.send(Call("GET", f"{SERVER}/a"), 5)
    assert not found.value.late
    target.close()


@pytest.mark.parametrize("base", ["segmind", "ftp://a.example", "http://", "mock2"])
def test_what_is_no_url_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match=r"stands in place of https://api\.example"):
        Http(base, SERVER)


def test_a_recording_sends_nothing() -> None:
    with pytest.raises(Unreachable, match=r"a\.har is a recording"):
        Recording("a.har").send(Call("GET", f"{SERVER}/a"), 1)
