"""Pictures that come as a stream of events: over HTTP, in their order, and judged."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import orjson
import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.servers import door
from tests.support import KEY
from tests.traces import call, raw, rulings

from testcard.assembly import Options, build
from testcard.common.event_stream import EVENT_STREAM, ServerEvent, read_events, written
from testcard.common.message import Exchange

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


def told(*events: tuple[str, str]) -> Exchange:
    sent = call("streams", {"prompt": "a fox", "stream": True})
    body = written(ServerEvent(name, data) for name, data in events)
    return raw(sent, 200, body, ("content-type", EVENT_STREAM))


def event(name: str, **more: object) -> tuple[str, str]:
    return name, orjson.dumps({"type": name, "b64_json": "aGk=", "index": 0, **more}).decode()


PART, DONE, END = event("partial", partial_index=0), event("completed"), ("", "[DONE]")


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
    ],
    ids=lambda each: "".join(name[:1] or "." for name, _ in each) if isinstance(each, list) else "",
)
def test_the_order_is_judged(events: list[tuple[str, str]], kept: bool) -> None:
    (ruling,) = rulings("wire.events", "streams", (told(*events),))
    assert ruling.kept == kept
    assert ruling.evidence.source == "Streaming, line 1"


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
