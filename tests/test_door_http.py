"""The HTTP door on the wire: large bodies, chunks, delays, many callers, and those who leave."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from http.client import HTTPConnection
from io import BytesIO
from threading import Event

import httpx
import pytest
from PIL import Image
from tests.servers import SECONDS, address, door, raw, until

from testcard.assembly import Options, build
from testcard.common.spec import bundled

MOST = 1 << 20
SEGMIND = "/segmind/v1/sd1.5-img2img"
IDS = [path.stem for path in bundled()]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with door(build(Options(largest_body=MOST))) as base:
        yield base


@pytest.fixture
def client(base: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base, trust_env=False, timeout=SECONDS) as client:
        client.post("/_testcard/reset")
        yield client


def posted(base: str, provider: str, client: httpx.Client) -> str:
    """Return the path of the first POST of a provider."""
    for each in client.get(f"{base}/_testcard/providers").json():
        if each["id"] == provider:
            return f"/{provider}{each['operations'][0]['path']}"
    raise AssertionError(provider)


@pytest.mark.parametrize("provider", IDS)
def test_a_body_declared_too_large_is_refused_before_it_is_sent(
    base: str, client: httpx.Client, provider: str
) -> None:
    """The answer is the provider's own 413, and comes though not one byte of the body does."""
    path = posted(base, provider, client)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\n"
    reply = raw(base, head.encode())
    assert reply.startswith(b"HTTP/1.1 413 ")
    entry = client.get("/_testcard/journal?limit=1").json()["entries"][0]
    assert (entry["provider"], entry["verdict"]) == (provider, "too-large")


def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large(base: str) -> None:
    """It never ends, and no more than what is too much is read of it."""
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with socket.create_connection(address(base), SECONDS) as client:
        head = f"POST {SEGMIND} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head.encode())
        for _ in range(MOST // 0x10000 + 1):
            client.sendall(chunk)
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_sends_all_of_a_too_large_body_gets_its_answer(client: httpx.Client) -> None:
    """As most libraries do; the connection can be used again."""
    for _ in range(3):
        assert client.post(SEGMIND, content=b"a" * (MOST * 4)).status_code == 413
    assert client.get("/_testcard/health").status_code == 200


def test_a_body_just_within_the_limit_is_read(client: httpx.Client) -> None:
    headers = {"x-api-key": "k", "content-type": "application/json"}
    seen = client.post(SEGMIND, content=b"a" * MOST, headers=headers)
    assert seen.status_code == 422
    assert "JSON" in seen.json()["error"]


def test_a_stream_comes_in_chunks_without_a_length(base: str) -> None:
    connection = HTTPConnection(*address(base), timeout=SECONDS)
    connection.request(
        "POST",
        "/appypie-inpainting/inpainting/v1/getImageStream",
        b'{"prompt": "a barn", "size": "640x384"}',
        {"Content-Type": "application/json", "Ocp-Apim-Subscription-Key": "k"},
    )
    reply = connection.getresponse()
    assert reply.getheader("transfer-encoding") == "chunked"
    assert reply.getheader("content-length") is None
    assert reply.getheader("content-type") == "image/png"
    first = reply.read1(1 << 20)
    rest = reply.read()
    connection.close()
    assert 0 < len(first) < len(first + rest)
    with Image.open(BytesIO(first + rest)) as picture:
        picture.load()
        assert picture.size == (640, 384)


def test_a_delay_is_waited_and_holds_nobody_else_up(client: httpx.Client, base: str) -> None:
    """Forty slow answers are as many as the door has threads, and wait side by side."""
    fault = {"provider": "segmind", "delay": 3, "times": 40}
    assert client.post("/_testcard/faults", json=fault).status_code == 200

    def call() -> float:
        began = time.monotonic()
        raw(base, f"POST {SEGMIND} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        return time.monotonic() - began

    def noted() -> int:
        return len(client.get("/_testcard/journal?limit=50").json()["entries"])

    with ThreadPoolExecutor(40) as pool:
        calls = [pool.submit(call) for _ in range(40)]
        assert until(lambda: noted() == 40)
        assert not any(each.done() for each in calls)
        assert min(each.result() for each in calls) > 2.99  # a loop's clock counts milliseconds


def picture_call(client: httpx.Client, number: int) -> httpx.Response:
    size = 256 + 64 * (number % 4)
    return client.post(
        "/appypie-inpainting/inpainting/v1/getImage",
        json={"prompt": f"barn {number}", "size": f"{size}x256"},
        headers={"Ocp-Apim-Subscription-Key": "k"},
    )


def test_many_pictures_at_once_and_the_mock_still_answers(client: httpx.Client) -> None:
    """Painting happens aside, and every picture is the one asked for."""
    done = Event()
    with ThreadPoolExecutor(24) as pool:
        calls = [pool.submit(picture_call, client, number) for number in range(120)]

        def watch() -> set[int]:
            seen = set()
            while not done.is_set():
                seen.add(client.get("/_testcard/health").status_code)
            return seen

        with ThreadPoolExecutor(1) as watcher:
            watching = watcher.submit(watch)
            wait(calls)
            done.set()
            assert watching.result() == {200}
    assert {each.result().status_code for each in calls} == {200}
    assert len({each.result().json()["image_data"] for each in calls}) == 120
    entries = client.get("/_testcard/journal?limit=500").json()["entries"]
    assert [entry["number"] for entry in entries] == list(range(1, 121))


def test_a_client_that_leaves_amid_its_body_does_no_harm(
    base: str, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        with socket.create_connection(address(base), SECONDS) as leaving:
            head = f"POST {SEGMIND} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
            leaving.sendall(head.encode() + b'{"prompt"')
            leaving.shutdown(socket.SHUT_WR)
            while leaving.recv(1000):
                """Until the server has let go of it too."""
    assert client.get("/_testcard/health").status_code == 200
    assert client.get("/_testcard/journal").json()["entries"] == []
    assert caplog.records == []


def test_a_client_that_leaves_before_its_answer_does_no_harm(
    base: str, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """The call is answered, and paid, all the same."""
    body = b'{"prompt": "a barn", "size": "1024x1024"}'
    for path in ("getImage", "getImageStream"):
        with socket.create_connection(address(base), SECONDS) as leaving:
            head = (
                f"POST /appypie-inpainting/inpainting/v1/{path} HTTP/1.1\r\nHost: x\r\n"
                "Content-Type: application/json\r\nOcp-Apim-Subscription-Key: leaver\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            leaving.sendall(head.encode() + body)

    def verdicts() -> list[str]:
        entries = client.get("/_testcard/journal").json()["entries"]
        return [entry["verdict"] for entry in entries]

    assert until(lambda: len(verdicts()) == 2)
    assert verdicts() == ["ok", "ok"]
    assert [each["balance"] for each in client.get("/_testcard/accounts").json()] == [998]
    assert caplog.records == []


def test_one_connection_takes_many_calls(base: str) -> None:
    """Pipelined too: the answers come in the order of the calls."""
    one = b"GET /_testcard/health HTTP/1.1\r\nHost: x\r\n\r\n"
    other = b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(address(base), SECONDS) as client:
        client.sendall(one * 3 + other)
        seen = b""
        while more := client.recv(1 << 16):
            seen += more
    assert re.findall(rb"HTTP/1.1 (\d+) ", seen) == [b"200", b"200", b"200", b"404"]


def test_a_body_in_chunks_is_read_like_any_other(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"prompt": "a '
        yield b'barn", "size": "128x64"}'

    seen = client.post(
        "/appypie-inpainting/inpainting/v1/getImage",
        content=chunks(),
        headers={"Content-Type": "application/json", "Ocp-Apim-Subscription-Key": "k"},
    )
    assert seen.status_code == 200, seen.text


def test_a_body_in_a_million_chunks_is_read_at_the_cost_of_its_length(base: str) -> None:
    """Each chunk was joined to all before it: six megabytes held everybody up for six seconds."""
    head = (
        f"POST {SEGMIND} HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    began = time.process_time()
    reply = raw(base, head.encode(), b"1\r\na\r\n" * 1_000_000 + b"0\r\n\r\n")
    assert time.process_time() - began < 2
    assert reply.startswith(b"HTTP/1.1 422 ")


@pytest.mark.parametrize(
    "behind", [b"a: b\r\n" * 1_000_000, b"a: " + b"b" * 6_000_000], ids=["many", "one long"]
)
def test_what_stands_behind_a_body_without_end_is_refused(base: str, behind: bytes) -> None:
    head = f"POST {SEGMIND} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    began = time.process_time()
    reply = raw(base, head.encode(), b"2\r\n{}\r\n0\r\n", behind)
    assert time.process_time() - began < 1
    assert reply.startswith(b"HTTP/1.1 431 ")


def test_a_header_behind_the_body_is_no_header_of_the_call(base: str) -> None:
    head = f"POST {SEGMIND} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply = raw(base, head.encode(), b"2\r\n{}\r\n0\r\nx-api-key: k\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 401 ")
