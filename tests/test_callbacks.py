"""What is sent later of jobs and pictures: when, what, repeated when, and where to; in process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.support import KEY

from testcard.assembly import Options, build
from testcard.common.message import Call, Reply
from testcard.doors.log import DeliveryLine
from testcard.mock.core import Mock
from testcard.mock.delivery import Delivery
from testcard.mock.destinations import Destinations
from testcard.mock.world import JobPolicy

SPEC = Path(__file__).parent / "specs" / "callbacks.yaml"
HOOK = "http://127.0.0.1:9/hook"
FOX = {"prompt": "a fox"}


@pytest.fixture
def mock() -> Mock:
    return built()


def built(policy: str = "polls:1", **options: Any) -> Mock:
    chosen = {"providers": (str(SPEC),), "profile": "documented", **options}
    return build(Options(policy=JobPolicy.parse(policy), **chosen))


def ask(mock: Mock, path: str, body: Any = None, method: str = "POST", **headers: str) -> Reply:
    sent = (("X-Key", KEY), ("Content-Type", "application/json"), *headers.items())
    data = b"" if body is None else orjson.dumps(body)
    return mock.answer(Call(method, f"https://api.callbacks.example{path}", sent, data))


def predicted(mock: Mock, **more: Any) -> str:
    reply = ask(mock, "/v1/predictions", {"input": FOX, "webhook": HOOK, **more})
    assert reply.status == 201
    return str(orjson.loads(reply.body)["id"])


def due(mock: Mock, seconds: float = 0.0) -> list[Delivery]:
    mock.world.advance(seconds)
    return mock.outbox.collect(anywhere=True)


def told(mock: Mock) -> list[tuple[str, str, int, str]]:
    entries = mock.outbox.journal.entries()
    return [(each.callback, each.phase, each.attempt, each.fate) for each in entries]


# When


def test_a_job_is_told_of_at_its_end_though_nobody_asks_after_it(mock: Mock) -> None:
    job = predicted(mock)
    assert due(mock) == []
    assert mock.outbox.wait() == pytest.approx(0, abs=1)
    (ended,) = due(mock, 1.1)
    assert (ended.job, ended.phase, ended.url, ended.attempt) == (job, "succeeded", HOOK, 1)
    said = ended.json
    assert (said["id"], said["status"], said["input"]) == (job, "succeeded", FOX)
    (url,) = said["output"]
    assert mock.answer(Call("GET", url)).status == 200
    assert (due(mock, 100), mock.outbox.wait()) == ([], None)


@pytest.mark.parametrize(
    ("events", "phases"),
    [
        (["start", "completed"], ["running", "succeeded"]),
        (["start"], ["running"]),
        (["logs"], []),
        (None, ["succeeded"]),
    ],
)
def test_a_client_chooses_what_it_is_told(
    mock: Mock, events: list[str] | None, phases: list[str]
) -> None:
    predicted(mock, **({} if events is None else {"webhook_events_filter": events}))
    assert [each.phase for each in due(mock, 5)] == phases


@pytest.mark.parametrize(
    ("policy", "phases"),
    [
        ("at-once", ["running", "succeeded"]),
        ("seconds:60", []),
        ("never", []),
        ("fail", ["running", "failed"]),
    ],
)
def test_jobs_end_by_their_policy(policy: str, phases: list[str]) -> None:
    mock = built(policy)
    predicted(mock, webhook_events_filter=["start", "completed"])
    assert [each.phase for each in due(mock, 0.1)] == phases
    later = {"seconds:60": ["running", "succeeded"]}.get(policy, [])
    assert [each.phase for each in due(mock, 61)] == later


def test_polls_move_a_job_on_that_is_told_of_too(mock: Mock) -> None:
    job = predicted(mock, webhook_events_filter=["start", "completed"])
    for _ in range(2):
        ask(mock, f"/v1/predictions/{job}", method="GET")
    assert [each.phase for each in due(mock)] == ["running", "succeeded"]
    assert due(mock, 60) == []


def test_a_job_that_is_canceled_is_told_of(mock: Mock) -> None:
    job = predicted(mock)
    assert ask(mock, f"/v1/predictions/{job}/cancel").status == 200
    (ended,) = due(mock)
    assert (ended.phase, ended.json["error"]) == ("canceled", "the job was canceled")


def test_a_job_is_not_moved_by_time_where_nobody_is_to_be_told(mock: Mock) -> None:
    reply = ask(mock, "/v1/predictions", {"input": FOX})
    mock.world.advance(1000)
    found = ask(mock, f"/v1/predictions/{orjson.loads(reply.body)['id']}", method="GET")
    assert orjson.loads(found.body)["status"] == "processing"
    assert due(mock) == []


def test_what_is_said_of_a_job_that_failed_has_the_words_of_its_kind() -> None:
    mock = built("fail")
    job = orjson.loads(ask(mock, f"/queue?hook={HOOK}", FOX).body)["id"]
    (ended,) = due(mock, 0.1)
    assert ended.json == {"request_id": job, "status": "ERROR", "error": "engine_broke"}


def test_pictures_at_once_are_told_of_too(mock: Mock) -> None:
    assert ask(mock, "/paint", FOX, **{"X-Callback": HOOK}).status == 200
    (sent,) = due(mock)
    assert (sent.call.method, sent.json["credits"]) == ("PUT", 998)
    assert sent.headers["X-Delivery"] == sent.id
    assert mock.answer(Call("GET", sent.json["url"])).body[:4] == b"\x89PNG"
    assert ask(mock, "/paint", FOX).status == 200
    assert due(mock) == []


def test_what_fails_is_told_to_nobody(mock: Mock) -> None:
    wrong = ask(mock, "/v1/predictions", {"input": {}, "webhook": HOOK})
    assert (wrong.status, due(mock, 60)) == (422, [])


# Repeated


def test_it_is_repeated_after_anything_but_a_2xx(mock: Mock) -> None:
    predicted(mock)
    (first,) = due(mock, 2)
    assert mock.outbox.answered(first, 302) == "refused"
    assert due(mock, 4.9) == []
    (second,) = due(mock, 0.2)
    assert (second.id, second.body, second.attempt) == (first.id, first.body, 2)
    assert mock.outbox.answered(second, None, "no answer came within 3 s") == "unanswered"
    (third,) = due(mock, 31)
    assert mock.outbox.answered(third, 500) == "refused"
    assert due(mock, 10_000) == []
    assert told(mock) == [
        ("told", "succeeded", 1, "refused"),
        ("told", "succeeded", 2, "unanswered"),
        ("told", "succeeded", 3, "refused"),
    ]
    details = [each.detail for each in mock.outbox.journal.entries()]
    assert details[0] == "the receiver answered with 302; it is repeated after 5 s"
    assert details[2] == "the receiver answered with 500"


def test_a_reset_forgets_what_waits_and_what_is_under_way(mock: Mock) -> None:
    predicted(mock)
    (under_way,) = due(mock, 2)
    predicted(mock)
    mock.reset()
    mock.outbox.answered(under_way, 500)
    assert (due(mock, 100), told(mock), mock.world.ahead()) == ([], [], 100)


# Where to


@pytest.mark.parametrize(
    ("url", "named", "why"),
    [
        ("http://127.0.0.1:9/hook", (), ""),
        ("https://localhost/hook", (), ""),
        ("http://[::1]:80/", (), ""),
        ("http://127.8.9.1/", (), ""),
        ("http://LOCALHOST./", (), ""),
        ("http://[::ffff:127.0.0.1]/", (), ""),
        ("http://a.localhost/", (), "a.localhost is not this machine"),  # a resolver may say so
        ("http://receiver.example/hook", (), "receiver.example is not this machine; --deliver rec"),
        ("http://receiver.example/hook", ("Receiver.Example",), ""),
        ("http://receiver.example:81/hook", ("receiver.example:80",), "is not this machine"),
        ("http://receiver.example/hook", ("receiver.example:80",), ""),
        ("http://localhost.receiver.example/", (), "is not this machine"),
        ("http://0.0.0.0/", (), "is not this machine"),
        ("http://2130706433/", (), "is not this machine"),
        ("ftp://127.0.0.1/", (), "its URL is no http or https URL"),
        ("hook", (), "its URL is no http or https URL"),
        ("http://127.0.0.1:x/", (), "its URL is none"),
        ("http://127.0.0.1/_testcard/reset", (), "nothing is delivered to /_testcard/"),
        ("http://127.0.0.1/%5ftestcard/reset", (), "nothing is delivered to /_testcard/"),
        ("http://127.0.0.1/x/../_testcard/reset", (), "nothing is delivered to /_testcard/"),
        ("http://127.0.0.1/x/%2e%2E/_testcard/reset", (), "nothing is delivered to /_testcard/"),
        ("http://127.0.0.1/./../a/b/.././../_testcard/x?", (), "is delivered to /_testcard/"),
        ("http://127.0.0.1/_testcard/%2e%2e/hook", (), "nothing is delivered to /_testcard/"),
        ("http://127.0.0.1/x/.../_testcard/reset", (), ""),
    ],
)
def test_callbacks_go_to_this_machine_and_to_hosts_that_are_named(
    url: str, named: tuple[str, ...], why: str
) -> None:
    refusal = Destinations.of(named).refusal(url)
    assert why in refusal
    assert bool(why) == bool(refusal)


@pytest.mark.parametrize("word", ["", "a b", "http://a.example", "a.example:x", "a/b", "u@a"])
def test_what_is_no_host_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is no host to deliver to; HOST or HOST:PORT"):
        Destinations.of([word])


def test_what_goes_nowhere_is_journalled_with_what_would_have_been_sent(mock: Mock) -> None:
    predicted(mock, webhook="https://receiver.example/hook?token=of-nobodys-business")
    mock.world.advance(2)
    assert mock.outbox.collect() == []
    (entry,) = mock.outbox.journal.entries()
    assert (entry.fate, entry.json["status"]) == ("not-delivered", "succeeded")
    assert "--deliver receiver.example:443" in entry.detail
    assert "of-nobodys-business" not in repr(entry)
    admin = mock.answer(Call("GET", "http://localhost/_testcard/deliveries"))
    (shown,) = orjson.loads(admin.body)["entries"]
    assert (shown["callback"], shown["status"]) == ("told", None)
    assert shown["call"]["body"]["status"] == "succeeded"


def test_a_server_logs_what_became_of_it(mock: Mock) -> None:
    lines: list[DeliveryLine] = []
    mock.outbox.journal.watch(lambda entry: lines.append(DeliveryLine(entry)))
    job = predicted(mock, webhook="http://localhost:1/hook?token=of-nobodys-business")
    (sent,) = due(mock, 2)
    mock.outbox.answered(sent, 503)
    (line,) = lines
    assert str(line) == (
        f"POST http://localhost:1/hook <- 503 [callbacks told, job {job} succeeded] refused: "
        "the receiver answered with 503; it is repeated after 5 s"
    )
    assert (line.facts()["fate"], line.facts()["status"]) == ("refused", 503)


def test_what_waits_is_bounded(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testcard.mock.outbox._MOST", 2)
    for _ in range(4):
        predicted(mock)
    for each in due(mock, 2)[:4]:
        mock.outbox.answered(each, 500)
    assert len(due(mock, 6)) == 2
