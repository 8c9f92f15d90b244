"""Pictures that come as a stream of events: over HTTP, in their order, and judged."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import orjson
import pybase64
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.servers import door
from tests.support import KEY, Broken
from tests.traces import call, raw, rulings

from testcard.assembly import Options, build
from testcard.clauses.streams import order
from testcard.common.event_stream import (
    BROKEN_STREAM,
    EVENT_STREAM,
    ServerEvent,
    read_events,
    written,
)
from testcard.common.message import Call, Exchange, Reply
from testcard.common.reading import Reading, read
from testcard.common.refusals import of_document, of_source
from testcard.common.spec import load
from testcard.contract.trace import read_trace
from testcard.mock.core import Mock
from testcard.mock.events import stream_of
from testcard.mock.fault import aimed
from testcard.mock.world import AccountId

JSON = (("Content-Type", "application/json"),)
SPEC = Path(__file__).parent / "specs" / "streams.yaml"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with door(build(Options(providers=(str(SPEC),), profile="documented"))) as base:
        yield f"{base}/streams/paint"


def streamed(base: str, **fields: object) -> tuple[httpx.Response, tuple[ServerEvent, ...]]:
    said = {"prompt": "a fox", "stream": True, **fields}
    answer = httpx.post(base, json=said, headers={"X-Key": KEY}, timeout=60, trust_env=False)
    return answer, read_events(answer.content)


def test_events_come_in_their_order_to_the_end_mark(base: str) -> None:
    answer, events = streamed(base, partial_images=2)
    assert (answer.status_code, answer.headers["content-type"]) == (200, EVENT_STREAM)
    assert answer.headers["transfer-encoding"] == "chunked"
    *told, end = events
    assert [each.name for each in told] == ["partial", "partial", "completed"]
    assert [each.document.get("partial_index") for each in told] == [0, 1, None]
    assert all(each.document["type"] == each.name for each in told)
    assert end == ServerEvent("", "[DONE]")
    data = pybase64.b64decode(told[-1].document["b64_json"])
    with Image.open(BytesIO(data)) as picture:
        assert picture.size == (64, 64)


def test_each_of_several_pictures_has_its_own(base: str) -> None:
    _, events = streamed(base, n=2, partial_images=1)
    documents = [each.document for each in events[:-1]]
    assert [(each["type"], each["index"]) for each in documents] == [
        ("partial", 0), ("completed", 0), ("partial", 1), ("completed", 1),
    ]  # fmt: skip
    first, second = (each["b64_json"] for each in documents if each["type"] == "completed")
    assert first != second


def test_without_asking_there_is_no_stream(base: str) -> None:
    answer, _ = streamed(base, stream=False)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["images"]


def test_a_refusal_is_no_stream(base: str) -> None:
    answer, _ = streamed(base, n=9)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/json")


def test_an_error_that_is_asked_for_comes_behind_the_first_events(base: str) -> None:
    answer, events = streamed(base, prompt=f"a fox, {BROKEN_STREAM}", partial_images=2)
    assert (answer.status_code, answer.headers["content-type"]) == (200, EVENT_STREAM)
    assert [each.name for each in events] == ["partial", "partial", "failed"]  # and no end mark
    assert events[-1].document["error"]["code"] == "failed"
    plain, _ = streamed(base, prompt=f"a fox, {BROKEN_STREAM}", stream=False)
    assert plain.json()["images"]


def mock_of_streams(**options: Any) -> Mock:
    return build(Options(providers=(str(SPEC),), profile="documented", **options))


def asked(mock: Mock, **fields: object) -> Reply:
    said = {"prompt": "a fox", "stream": True, **fields}
    return mock.answer(call("streams", said))


def test_a_fault_comes_amid_a_stream_and_costs_nothing() -> None:
    mock = mock_of_streams()
    body = orjson.dumps({"provider": "streams", "kind": "overloaded", "amid": True, "times": 2})
    laid = Call("POST", "http://localhost/_testcard/faults", JSON, body)
    assert mock.answer(laid).status == 200
    reply = asked(mock, n=2)
    names = [each.name for each in read_events(reply.body)]
    assert (reply.status, names) == (200, ["completed", "failed"])
    assert mock.journal.entries()[-1].verdict == "overloaded"
    assert asked(mock, stream=False).status == 503
    assert mock.world.account(AccountId.of("streams", "some-key")).balance == 1000
    assert read_events(asked(mock).body)[-1].data == "[DONE]"
    assert mock.world.account(AccountId.of("streams", "some-key")).balance == 999


def test_an_engine_that_fails_breaks_the_stream_off() -> None:
    mock = mock_of_streams(engine=Broken())
    (event,) = read_events(asked(mock).body)
    assert event.name == "failed"
    assert asked(mock, stream=False).status == 500


def test_a_fault_amid_what_is_no_stream_is_refused() -> None:
    reading = mock_of_streams().dialects["streams"].reading
    with pytest.raises(ValueError, match=r"amid is for .*; streams has: paint"):
        aimed(reading, None, 1, None, None, amid=True)
    plain = build(Options(providers=("segmind",))).dialects["segmind"].reading
    with pytest.raises(ValueError, match="segmind has: none"):
        aimed(plain, "failed", 0, None, None, amid=True)


@pytest.mark.parametrize(
    ("change", "place", "told"),
    [
        ({"order": ["partial", "done"]}, "stream/order/1", "'done' is none of the events"),
        ({"named-by": "kind"}, "schema/oneOf/0", "kind has no const"),
        ({"error": "completed"}, "stream/error", "'completed' comes in the order of a success"),
        ({"error": "broken"}, "stream/error", "'broken' is none of the events; write failed"),
        ({"error": None, "end-after-error": True}, "end-after-error", "there is no error event"),
        (None, "content/text/event-stream", "nothing says which events there are"),
    ],
)
def test_what_cannot_be_streamed_is_refused(
    change: dict[str, Any] | None, place: str, told: str
) -> None:
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    node = document["paths"]["/paint"]["post"]
    content = node["responses"]["200"]["content"][EVENT_STREAM]
    if change is None:
        del content["x-testcard"]
    else:
        merged = {**content["x-testcard"]["stream"], **change}
        kept = {name: each for name, each in merged.items() if each is not None}
        content["x-testcard"]["stream"] = kept
    lines = [each.sentence for each in (*of_source(document), *of_document(document))]
    assert any(place in line and told in line for line in lines), lines


def test_a_stream_that_nobody_can_ask_for_is_refused() -> None:
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    body = document["paths"]["/paint"]["post"]["requestBody"]["content"]["application/json"]
    del body["schema"]["properties"]["stream"]["x-testcard"]["role"]
    (line,) = [each.sentence for each in of_document(document)]
    assert "no call can ask for a stream; write a field of role stream too" in line


def told(*events: tuple[str, str]) -> Exchange:
    sent = call("streams", {"prompt": "a fox", "stream": True})
    body = written(ServerEvent(name, data) for name, data in events)
    return raw(sent, 200, body, ("content-type", EVENT_STREAM))


def event(name: str, **more: object) -> tuple[str, str]:
    return name, orjson.dumps({"type": name, "b64_json": "aGk=", "index": 0, **more}).decode()


PART, DONE, END = event("partial", partial_index=0), event("completed"), ("", "[DONE]")
FAILED = event("failed", error={"message": "It broke.", "code": "failed"})


@pytest.mark.parametrize(
    ("events", "kept"),
    [
        ([DONE, END], True),
        ([PART, PART, DONE, END], True),
        ([PART, DONE, PART, DONE, END], True),
        ([DONE], False),
        ([PART, END], False),
        ([DONE, PART, END], False),
        ([event("surprise"), DONE, END], False),
        ([END], False),
        ([PART, FAILED], True),
        ([FAILED], True),
        ([DONE, PART, FAILED], True),
        ([PART, FAILED, END], False),
        ([FAILED, DONE, END], False),
        ([event("surprise"), FAILED], False),
    ],
    ids=lambda each: "".join(name[:1] or "." for name, _ in each) if isinstance(each, list) else "",
)
def test_the_order_is_judged(events: list[tuple[str, str]], kept: bool) -> None:
    (ruling,) = rulings("wire.events", "streams", (told(*events),))
    assert ruling.kept == kept
    assert ruling.evidence.source == "Streaming, line 1"


def reading_with(folder: Path, said: str) -> Reading:
    """What the spec reads as with other words than `end` and `error`."""
    text = SPEC.read_text(encoding="utf-8")
    usual = '                  end: "[DONE]"\n                  error: failed\n'
    assert usual in text
    path = folder / "streams.yaml"
    path.write_text(text.replace(usual, said), encoding="utf-8")
    return read(load(path))


def test_the_end_may_follow_an_error_where_the_page_says_so(tmp_path: Path) -> None:
    words = ['end: "[DONE]"', "error: failed", "end-after-error: true"]
    reading = reading_with(tmp_path, "".join(f"{' ' * 18}{each}\n" for each in words))
    for events, kept in (([PART, FAILED], False), ([PART, FAILED, END], True)):
        (ruling,) = order(reading, read_trace(reading, (told(*events),)))
        assert ruling.kept is kept
    content = reading.operations[0].answers["200"]["content"][EVENT_STREAM]
    body = stream_of(content, {"message": "It broke."}, [], 0, broken=True)
    assert [each.data for each in read_events(body)][-1:] == ["[DONE]"]


def test_a_page_may_promise_no_end_mark(tmp_path: Path) -> None:
    reading = reading_with(tmp_path, "")
    content = reading.operations[0].answers["200"]["content"][EVENT_STREAM]
    (event,) = read_events(stream_of(content, {}, [b"hi"], 0))
    assert event.name == "completed"
    (ruling,) = order(reading, read_trace(reading, (told(PART, DONE),)))
    assert ruling.kept


def test_a_stream_that_broke_off_is_no_success() -> None:
    (broken,) = read_trace(read(load(SPEC)), (told(PART, FAILED),))
    (whole,) = read_trace(read(load(SPEC)), (told(PART, DONE, END),))
    assert (broken.succeeded, whole.succeeded) == (False, True)


def test_each_event_is_held_to_its_schema() -> None:
    good = rulings("wire.body", "streams", (told(PART, DONE, END),))
    assert [each.kept for each in good] == [True]
    bad = rulings("wire.body", "streams", (told(event("partial"), DONE, END),))
    assert [each.kept for each in bad] == [False]
    assert "partial_index" in bad[0].seen


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r"))
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=9)


@given(st.lists(st.builds(ServerEvent, names.map(str.strip), texts)))
def test_what_is_written_is_read_again(events: list[ServerEvent]) -> None:
    assert list(read_events(written(events))) == events


def test_other_line_ends_comments_and_broken_ends_are_borne() -> None:
    body = b"\xef\xbb\xbf: a comment\r\ndata: a\r\ndata:b\r\n\r\nretry: 5\n\nevent: x\ndata: lost"
    assert read_events(body) == (ServerEvent("", "a\nb"),)
