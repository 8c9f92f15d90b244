"""The proxy by itself: what it lets in, what it refuses, and that small calls do not wait."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from tests.servers import door

from testcard.assembly import build
from testcard.doors.http import application
from testcard.intercept import authority
from testcard.intercept.guard import Guard
from testcard.intercept.proxy import Gates, proxying

HOST = "api.imagepipeline.io"
PATH = "/sdxl/image2image/v1/status/unknown-job"


@contextmanager
def proxy(
    *hosts: str, allowed: tuple[tuple[str, int], ...] = (), guard: Guard | None = None
) -> Iterator[tuple[int, ssl.SSLContext]]:
    """Run a proxy that answers for `hosts`; yield its port and a context that trusts it."""
    own = authority.fresh(hosts)
    trusting = ssl.create_default_context(cadata=own.pem.decode())

    def refuse(host: str, port: int) -> str:
        return f"no {host} here" if port == 443 else f"no {host}:{port} here"

    guarding = guard or Guard(uid_of=lambda *_: os.getuid())
    gates = Gates(own.contexts(), allowed, refuse, lambda _: None, guarding)
    with proxying(application(build()), gates) as port:
        yield port, trusting


def through(port: int, context: ssl.SSLContext, host: str = HOST) -> http.client.HTTPConnection:
    """Return a connection to `host` by the proxy."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
    connection.set_tunnel(host)
    return connection


def quickest(connection: http.client.HTTPConnection, path: str) -> float:
    """Return the fewest seconds, of sixty times, that a small call takes on a kept connection."""
    taken = []
    for _ in range(60):
        began = time.perf_counter()
        connection.request("GET", path, headers={"API-Key": "a-key"})
        assert b"detail" in connection.getresponse().read()
        taken.append(time.perf_counter() - began)
    return min(taken)


def test_small_calls_on_a_kept_connection_do_not_wait_for_acknowledgements() -> None:
    """A delayed acknowledgement is 40 ms, each time; a call through TLS is a fraction of one."""
    with proxy(HOST) as (port, context), door(build()) as base:
        plain = http.client.HTTPConnection("127.0.0.1", int(base.rpartition(":")[2]), timeout=60)
        with closing(through(port, context)) as tunnel, closing(plain):
            over = quickest(tunnel, PATH)
            direct = quickest(plain, f"/imagepipeline{PATH}")
    assert over < 0.03, f"{over * 1000:.1f} ms, beside {direct * 1000:.1f} ms directly"


def test_another_port_of_an_allowed_host_is_refused() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as far,
        proxy(HOST, allowed=(("127.0.0.1", 443),)) as (port, _),
        socket.create_connection(("127.0.0.1", port), 60) as client,
    ):
        there = far.getsockname()[1]
        client.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % there)
        assert client.recv(100).startswith(b"HTTP/1.1 403 no 127.0.0.1:%d here" % there)


def test_what_is_no_http_is_refused_at_once() -> None:
    """As TLS that was sent to the proxy itself is."""
    with proxy(HOST) as (port, _), socket.create_connection(("127.0.0.1", port), 60) as client:
        client.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_tunnel_elsewhere_is_refused_in_the_status_line() -> None:
    with (
        proxy(HOST) as (port, context),
        closing(through(port, context, "other.example")) as tunnel,
        pytest.raises(OSError, match=r"403 no other\.example here"),
    ):
        tunnel.connect()


@pytest.mark.parametrize("head", [b"CONNECT nowhere HTTP/1.1", b"CONNECT a:b HTTP/1.1"])
def test_a_tunnel_to_nowhere_is_a_bad_request(head: bytes) -> None:
    with proxy(HOST) as (port, _), socket.create_connection(("127.0.0.1", port), 60) as client:
        client.sendall(head + b"\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_head_may_come_in_pieces() -> None:
    with proxy(HOST) as (port, _), socket.create_connection(("127.0.0.1", port), 60) as client:
        for piece in (b"CONN", b"ECT ", HOST.encode(), b":443 HTTP/1.1\r\n", b"Host: x\r\n\r\n"):
            client.sendall(piece)
            time.sleep(0.02)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_head_without_end_is_refused() -> None:
    with proxy(HOST) as (port, _), socket.create_connection(("127.0.0.1", port), 60) as client:
        client.sendall(b"CONNECT " + b"a" * 20_000)
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("early", [b"", b"at once, "])
def test_an_allowed_host_is_tunnelled_and_not_looked_into(early: bytes) -> None:
    """From its first byte on, which may come in one packet with CONNECT."""
    with (
        socket.create_server(("127.0.0.1", 0)) as far,
        proxy(HOST, allowed=(far.getsockname(),)) as (port, _),
        socket.create_connection(("127.0.0.1", port), 60) as client,
    ):
        far.settimeout(20)
        client.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % far.getsockname()[1] + early)
        there, _address = far.accept()
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        client.sendall(b"over" * 100_000)
        client.shutdown(socket.SHUT_WR)
        with there, there.makefile("rb") as sent:
            assert sent.read() == early + b"over" * 100_000
            there.sendall(b"and back")
        # the near end went away with the block: so does the far one


def test_the_port_is_closed_at_the_end() -> None:
    with proxy(HOST) as (port, context):
        connection = through(port, context)
        connection.connect()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    connection.close()


@pytest.mark.parametrize("waits", [True, False])
def test_a_client_may_say_more_in_one_packet_than_it_was_asked_for(waits: bool) -> None:
    """TLS together with CONNECT, and a call together with the end of the handshake."""
    with proxy(HOST) as (port, context), socket.create_connection(("127.0.0.1", port), 60) as near:
        came, leaves = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(came, leaves, server_hostname=HOST)
        connect = f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode()
        if waits:
            near.sendall(connect)
        else:
            with pytest.raises(ssl.SSLWantReadError):
                tls.do_handshake()
            near.sendall(connect + leaves.read())
        said = b""
        while not said.endswith(b"\r\n\r\n"):
            said += near.recv(1)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                near.sendall(leaves.read())
                came.write(near.recv(1 << 16))
        tls.write(f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\nAPI-Key: k\r\n\r\n".encode())
        near.sendall(leaves.read())
        said = b""
        while b"detail" not in said:
            try:
                said += tls.read()  # one record: a packet may bring several
            except ssl.SSLWantReadError:
                came.write(near.recv(1 << 16))
        assert said.startswith(b"HTTP/1.1 404 ")
