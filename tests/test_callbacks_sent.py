"""Callbacks over HTTP: from a server, from a test's process, and under `testcard run`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import httpx
import orjson
import pytest
from tests.receiving import receiving
from tests.runs import run
from tests.servers import door, until
from tests.support import KEY
from tests.test_callbacks import FOX, SPEC, built, predicted, told

from testcard.doors.callbacks import callbacks_sent
from testcard.fixtures.fixtures import Testcard, TestcardServer
from testcard.mock.delivery import Delivery

HEADERS = {"X-Key": KEY}


def test_a_server_sends_by_itself_follows_no_redirect_and_repeats() -> None:
    mock = built("seconds:0.05")
    with receiving(302, 204) as receiver, door(mock) as base, callbacks_sent(mock):
        said = {"input": FOX, "webhook": f"{receiver.url}/hook?a=1"}
        url = f"{base}/callbacks/v1/predictions"
        answer = httpx.post(url, json=said, headers=HEADERS, trust_env=False)
        assert answer.status_code == 201
        assert until(lambda: len(told(mock)) == 1)
        httpx.post(f"{base}/_testcard/clock", json={"advance": 5}, trust_env=False)
        assert until(lambda: len(told(mock)) == 2)
        first, second = receiver.got
    assert told(mock) == [
        ("told", "succeeded", 1, "refused"),
        ("told", "succeeded", 2, "delivered"),
    ]
    assert (first.method, first.path, first.body) == ("POST", "/hook?a=1", second.body)
    (picture,) = orjson.loads(second.body)["output"]
    assert second.headers["webhook-signature"].startswith("v1,")
    assert picture.startswith(f"{base}/_testcard/pictures/{answer.json()['id']}/")


def test_a_receiver_that_is_silent_or_not_there_is_given_up_and_holds_nobody_up() -> None:
    mock = built("at-once")
    with receiving(0) as receiver:
        began = time.monotonic()
        with callbacks_sent(mock):
            predicted(mock, webhook=f"{receiver.url}/silent")
            predicted(mock, webhook="http://127.0.0.1:1/nobody")
            assert until(lambda: len(told(mock)) == 1 and receiver.got)
        assert time.monotonic() - began < 2.5  # and not the three seconds of its timeout
    (entry,) = mock.outbox.journal.entries()
    assert (entry.fate, entry.exchange.reply.status) == ("unanswered", 0)
    assert "it could not be sent: ConnectError" in entry.detail


def test_nothing_is_started_for_specs_without_callbacks() -> None:
    mock = built(providers=("segmind",))
    with callbacks_sent(mock):
        assert mock.outbox._listeners == []


@pytest.mark.testcard(provider=str(SPEC), profile="documented")
def test_a_tests_own_application_gets_what_is_sent(testcard: Testcard) -> None:
    said = {"input": FOX, "webhook": "https://app.example/hook?of=1"}
    httpx.post("https://api.callbacks.example/v1/predictions", json=said, headers=HEADERS)
    assert testcard.deliver(lambda _: 200) == 0
    testcard.advance(2)
    got: list[str] = []

    def send(delivery: Delivery) -> httpx.Response:
        got.append(f"{delivery.path} {delivery.json['status']}")
        assert delivery.headers["webhook-id"] == delivery.id
        return httpx.Response(500 if len(got) == 1 else 200)

    assert testcard.deliver(send) == 1
    testcard.advance(5)
    assert testcard.deliver(send) == 1
    assert got == ["/hook?of=1 succeeded"] * 2
    assert [each.fate for each in testcard.deliveries] == ["refused", "delivered"]
    assert testcard.webhook_secret("callbacks").startswith("whsec_")


@pytest.mark.testcard(provider=str(SPEC), profile="documented", jobs="fail")
def test_what_nobody_takes_can_be_asserted_on(testcard: Testcard) -> None:
    said = {"input": FOX, "webhook": "https://app.example/hook"}
    httpx.post("https://api.callbacks.example/v1/predictions", json=said, headers=HEADERS)
    testcard.advance(1)
    (entry,) = testcard.deliveries
    assert (entry.fate, entry.json["status"]) == ("not-delivered", "failed")
    with pytest.raises(ValueError, match="no number of seconds"):
        testcard.advance(-1)


@pytest.mark.testcard(provider=str(SPEC), profile="documented", jobs="at-once")
def test_the_server_of_a_test_sends_to_this_machine(testcard_server: TestcardServer) -> None:
    with receiving() as receiver:
        said = {"input": FOX, "webhook": receiver.url}
        url = f"{testcard_server.url('callbacks')}/v1/predictions"
        httpx.post(url, json=said, headers=HEADERS, trust_env=False)
        assert until(lambda: testcard_server.deliveries)
    assert [each.fate for each in testcard_server.deliveries] == ["delivered"]


CLIENT = """
import json, os, sys, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        print(said["status"], "webhook-signature" in self.headers, flush=True)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *args): ...

server = HTTPServer(("127.0.0.1", 0), Handler)
said = {"input": {"prompt": "a fox"}, "webhook": f"http://localhost:{server.server_port}/"}
request = urllib.request.Request(
    "https://api.callbacks.example/v1/predictions", json.dumps(said).encode(),
    {"X-Key": "a-key", "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request).status, flush=True)
server.handle_request()
"""


def test_a_client_under_run_gets_its_callbacks(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(CLIENT, encoding="utf-8")
    options = ("--spec", str(SPEC), "--jobs", "at-once")
    done = run(tmp_path, sys.executable, "client.py", options=options)
    assert done.stdout.split("\n")[:2] == ["201", "succeeded True"], done.stderr
