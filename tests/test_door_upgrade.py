"""A call that offers an upgrade is answered as the call it is, with its body."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

import httpx
import pytest
from tests.servers import SECONDS, door, raw
from tests.support import AITHRIVING, APIS, EVERY_API, INPAINTING, KEY, Api, Client, mock_of

from testcard.doors.http import application
from testcard.intercept import authority
from testcard.intercept.guard import Guard
from testcard.intercept.proxy import Gates, proxying
from testcard.mock.core import Mock

OFFERS = {
    "h2c": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAQAAP__",
    "websocket": "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13",
    "unknown": "Connection: upgrade\r\nUpgrade: teapot/1, other/2",
}
EACH_OFFER = pytest.mark.parametrize("offer", OFFERS)
JAVA = shutil.which("java")
CURL = shutil.which("curl")
PROGRAM = """
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

public class Post {
    public static void main(String[] said) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int time = 0; time < 2; time++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(said[0]))
                .header("Content-Type", "application/json")
                .header(said[1], "a-key")
                .POST(BodyPublishers.ofString(said[2]))
                .build();
            HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
            System.out.println(answer.statusCode() + " " + answer.body().length());
        }
    }
}
"""


@pytest.fixture(scope="module")
def mock() -> Mock:
    return mock_of(*APIS)


@pytest.fixture(scope="module")
def base(mock: Mock) -> Iterator[str]:
    with door(mock) as base:
        yield base


def smallest(api: Api, mock: Mock) -> tuple[dict[str, str], bytes, int]:
    """Return headers, body and status of a correct call, as the mock by itself has them."""
    client = Client(api, mock)
    status = client.ask().status
    call = client.entry.exchange.call
    return {**dict(call.headers), api.key_header: KEY}, call.body, status


def request(api: Api, headers: dict[str, str], body: bytes, *more: str) -> bytes:
    lines = [
        f"POST /{api.provider}{api.path} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {value}" for name, value in headers.items()),
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@EACH_OFFER
@EVERY_API
def test_an_offer_is_passed_over_and_the_call_answered(
    base: str, mock: Mock, api: Api, offer: str
) -> None:
    """On the connection that goes on: a second call behind it is answered as well."""
    headers, body, status = smallest(api, mock)
    length = f"Content-Length: {len(body)}"
    first = request(api, headers, body, OFFERS[offer], length)
    second = request(api, headers, body, length, "Connection: close")
    seen = raw(base, first + second, most=None)
    assert re.findall(rb"HTTP/1\.1 (\d+) ", seen) == [b"%d" % status] * 2
    kept = mock.journal.entries()[-2].exchange.call
    assert kept.body == body
    assert kept.header("upgrade") == re.findall(r"\nUpgrade: (.*?)\r?$", OFFERS[offer], re.M)[0]


@EACH_OFFER
def test_an_offer_with_a_body_in_chunks_byte_by_byte(base: str, mock: Mock, offer: str) -> None:
    headers, body, status = smallest(INPAINTING, mock)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    sent = request(INPAINTING, headers, chunks, OFFERS[offer], "Transfer-Encoding: chunked")
    seen = raw(base, *(sent[at : at + 1] for at in range(len(sent))))
    assert seen.startswith(b"HTTP/1.1 %d " % status)
    assert mock.journal.entries()[-1].exchange.call.body == body


def test_an_offer_that_waits_for_100_continue_is_told_to_go_on(base: str, mock: Mock) -> None:
    headers, body, status = smallest(INPAINTING, mock)
    head = request(
        INPAINTING, headers, b"", OFFERS["h2c"], f"Content-Length: {len(body)}",
        "Expect: 100-continue", "Connection: close",
    )  # fmt: skip
    seen = raw(base, head, body, most=None)
    assert re.findall(rb"HTTP/1\.1 (\d+) ", seen) == [b"100", b"%d" % status]


@EACH_OFFER
def test_an_offer_within_a_tunnel_is_passed_over_too(mock: Mock, offer: str) -> None:
    host = "gateway.appypie.com"
    own = authority.fresh([host])
    gates = Gates(own.contexts(), frozenset(), lambda *_: "", lambda _: None, Guard())
    headers, body, status = smallest(INPAINTING, mock)
    sent = request(INPAINTING, headers, body, OFFERS[offer], f"Content-Length: {len(body)}")
    sent = sent.replace(b"127.0.0.1", host.encode(), 1)
    sent = sent.replace(f"/{INPAINTING.provider}".encode(), b"", 1)
    trusting = ssl.create_default_context(cadata=own.pem.decode())
    with proxying(application(mock), gates) as port:
        connection = HTTPSConnection("127.0.0.1", port, context=trusting, timeout=SECONDS)
        connection.set_tunnel(host)
        connection.connect()
        connection.sock.sendall(sent)
        answer = HTTPResponse(connection.sock, method="POST")
        answer.begin()
        connection.close()
    assert answer.status == status


def test_a_tunnel_is_not_dug_by_a_server_that_is_no_proxy(base: str) -> None:
    seen = raw(base, b"CONNECT x.example:443 HTTP/1.1\r\nHost: x.example:443\r\n\r\n")
    assert seen.startswith(b"HTTP/1.1 400 "), seen


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
@EVERY_API
def test_curl_with_http2(base: str, mock: Mock, api: Api, tmp_path: Path) -> None:
    assert CURL is not None
    headers, body, status = smallest(api, mock)
    (tmp_path / "body").write_bytes(body)
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    done = subprocess.run(  # noqa: S603 (our own words)
        [CURL, "-s", "--http2", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}",
         "--data-binary", f"@{tmp_path / 'body'}", *words, f"{base}/{api.provider}{api.path}"],
        capture_output=True, text=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    assert done.stdout == str(status)
    assert mock.journal.entries()[-1].exchange.call.header("upgrade") == "h2c"


@pytest.mark.skipif(JAVA is None, reason="java is not installed")
def test_javas_client_as_it_is_by_default(base: str, mock: Mock, tmp_path: Path) -> None:
    assert JAVA is not None
    _, body, status = smallest(INPAINTING, mock)
    source = tmp_path / "Post.java"
    source.write_text(PROGRAM, encoding="utf-8")
    url = f"{base}/{INPAINTING.provider}{INPAINTING.path}"
    done = subprocess.run(  # noqa: S603 (our own words)
        [JAVA, str(source), url, INPAINTING.key_header, body.decode()],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if "not found" in done.stderr and "compiler" in done.stderr:
        pytest.skip("this java cannot compile")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [str(status)] * 2, done.stderr
    assert mock.journal.entries()[-2].exchange.call.header("upgrade") == "h2c"


def test_a_form_keeps_its_file(base: str, mock: Mock) -> None:
    """Through httpx, which streams what it sends."""
    headers, body, status = smallest(AITHRIVING, mock)
    offer = {"Connection": "Upgrade", "Upgrade": "h2c"}
    url = f"{base}/{AITHRIVING.provider}{AITHRIVING.path}"
    with httpx.Client(trust_env=False) as client:
        seen = client.post(url, content=body, headers={**headers, **offer})
    assert (seen.status_code, json.loads(seen.content)["code"]) == (status, 0)
