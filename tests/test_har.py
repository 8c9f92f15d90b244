"""HAR: what is written comes back, whoever wrote it is understood, and secrets stay behind."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pybase64
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testcard.common.message import BLANKED, Call, Exchange, Reply, Trace
from testcard.common.redaction import redacted
from testcard.record import har
from testcard.record.har import HarError

TEXT = st.text(max_size=40)
HEADERS = st.lists(
    st.tuples(st.text("abcdefXYZ-0123", min_size=1, max_size=12), TEXT), max_size=4
).map(tuple)
LARGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
BODIES = st.one_of(
    st.binary(max_size=200), TEXT.map(str.encode), st.sampled_from([LARGE, b"t" * 5000, b"\x00"])
)
CALLS = st.builds(
    Call,
    st.sampled_from(["GET", "POST", "DELETE"]),
    TEXT.map(lambda query: f"https://host.example/path?{query}"),
    HEADERS,
    BODIES,
)
REPLIES = st.builds(
    Reply, st.integers(0, 599), HEADERS, BODIES, st.booleans(), st.sampled_from([0.0, 0.25])
)
MOMENTS = st.integers(0, 4_000_000_000_000_000).map(lambda microseconds: microseconds / 1e6)
TRACES = st.lists(
    st.builds(Exchange, CALLS, REPLIES, MOMENTS, MOMENTS.map(lambda each: each / 1e6)), max_size=6
)

PING = Call("GET", "https://host.example/ping")


def written(trace: Trace, folder: Path, *secret: str) -> Path:
    path = folder / "run.har"
    har.write(trace, path, secret)
    return path


def recorded(folder: Path, *entries: dict[str, Any], creator: str = "a proxy") -> Path:
    path = folder / "foreign.har"
    log = {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": entries}
    path.write_bytes(orjson.dumps({"log": log}))
    return path


def entry(
    request: dict[str, Any] | None = None, response: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    asked = {"method": "GET", "url": "https://host.example/", "headers": [], **(request or {})}
    return {"request": asked, "response": {"status": 200, **(response or {})}, **more}


def pairs(**headers: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()]


@given(TRACES)
@settings(max_examples=60, deadline=None)
def test_what_is_written_comes_back_but_for_its_secrets(trace: list[Exchange]) -> None:
    """read(write(trace)) == redacted(trace): bytes and headers exactly, times to 1 µs."""
    with tempfile.TemporaryDirectory() as folder:
        back = har.read(written(tuple(trace), Path(folder)))
    expected = redacted(trace)
    assert [(each.call, each.reply) for each in back] == [
        (each.call, each.reply) for each in expected
    ]
    assert [each.started for each in back] == pytest.approx(
        [each.started for each in expected], abs=1e-6
    )
    assert [each.elapsed for each in back] == pytest.approx(
        [each.elapsed for each in expected], abs=1e-6
    )


@given(TRACES)
@settings(max_examples=30, deadline=None)
def test_redacting_twice_is_redacting_once(trace: list[Exchange]) -> None:
    once = redacted(trace)
    assert redacted(once) == once


def test_the_file_is_har_1_2_as_other_tools_read_it(tmp_path: Path) -> None:
    reply = Reply(200, (("Content-Type", "image/png"),), LARGE)
    call = Call("POST", "https://h.example/v1?a=1&b=x%20y", (("Content-Type", "text/x"),), b"hi")
    data = orjson.loads(written((Exchange(call, reply, 1e9, 0.5),), tmp_path).read_bytes())
    [node] = data["log"]["entries"]
    assert data["log"]["version"] == "1.2"
    assert node["startedDateTime"] == "2001-09-09T01:46:40.000000Z"
    assert node["time"] == sum(node["timings"].values()) == 500
    assert node["request"]["postData"] == {"mimeType": "text/x", "text": "hi"}
    assert node["request"]["queryString"] == pairs(a="1", b="x y")
    content = node["response"]["content"]
    assert content["encoding"] == "base64"
    assert pybase64.b64decode(content["text"]) == LARGE
    assert (content["size"], content["mimeType"]) == (len(LARGE), "image/png")
    for member in ("httpVersion", "cookies", "headers", "headersSize", "bodySize"):
        assert member in node["request"]
        assert member in node["response"]


def test_a_large_body_is_stored_once(tmp_path: Path) -> None:
    exchanges = tuple(Exchange(replace(PING, body=LARGE), Reply(200, (), LARGE)) for _ in range(9))
    path = written(exchanges, tmp_path)
    assert path.read_text().count(pybase64.b64encode(LARGE).decode()) == 1
    assert "the same bytes as in entry 0" in path.read_text()
    assert har.read(path)[8].reply.body == LARGE


def test_secrets_are_blanked_wherever_they_turn_up(tmp_path: Path) -> None:
    call = Call(
        "POST",
        "https://me:hush-hush-1@h.example/x?Api-Key=query%20secret-2&size=2&sig=s3",
        (
            ("Authorization", "Bearer token-secret-3"),
            ("X-Mine", "mine-secret-4"),
            ("Cookie", "c=5"),
        ),
        b'{"note": "token-secret-3"}',
    )
    said = b'{"error": "no key mine-secret-4; see https://h.example/y?token=abcdef&p=1"}'
    reply = Reply(403, (("Set-Cookie", "session=secret-6"), ("X-Echo", "mine-secret-4")), said)
    path = written((Exchange(call, reply),), tmp_path, "x-mine")
    text = path.read_text()
    for secret in ("hush", "secret", "s3", "c=5", "abcdef"):
        assert secret not in text
    [back] = har.read(path)
    assert back.call.url == f"https://h.example/x?Api-Key={BLANKED}&size=2&sig={BLANKED}"
    assert back.call.header("authorization") == f"Bearer {BLANKED}"
    assert b"token=[blanked]&p=1" in back.reply.body


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("", ""),
        ("invalid-testcard-key", f"invalid{BLANKED}"),
        ("Bearer nocredits-testcard-key", f"Bearer nocredits{BLANKED}"),
        ("anything else", BLANKED),
    ],
)
def test_what_kind_of_key_was_sent_can_still_be_told(tmp_path: Path, value: str, kept: str) -> None:
    call = replace(PING, headers=(("X-Api-Key", value),))
    [back] = har.read(written((Exchange(call, Reply(401)),), tmp_path))
    assert back.call.header("x-api-key") == kept


def test_a_link_in_a_reply_still_leads_to_its_download(tmp_path: Path) -> None:
    url = "https://cdn.example/1.png?X-Amz-Signature=abc&v=2"
    listing = Exchange(PING, Reply(200, (), orjson.dumps({"urls": [url]})))
    download = Exchange(Call("GET", url), Reply(200, (), LARGE))
    first, second = har.read(written((listing, download), tmp_path))
    assert orjson.loads(first.reply.body)["urls"] == [second.call.url]


def test_a_body_that_a_proxy_wrote_byte_by_character_is_restored(tmp_path: Path) -> None:
    node = entry(
        {"method": "post", "bodySize": len(LARGE), "postData": {"text": LARGE.decode("latin-1")}}
    )
    [back] = har.read(recorded(tmp_path, node))
    assert back.call.method == "POST"
    assert back.call.body == LARGE


def test_a_text_body_of_a_browser_is_utf_8(tmp_path: Path) -> None:
    node = entry({"postData": {"text": "größer"}}, {"content": {"size": 8, "text": "größer"}})
    [back] = har.read(recorded(tmp_path, node))
    assert back.call.body == back.reply.body == "größer".encode()


def test_a_form_of_which_only_the_fields_were_kept_is_rebuilt(tmp_path: Path) -> None:
    params = [{"name": "prompt", "value": "a & b"}, {"name": "n", "value": "1"}]
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=xyz")
    nodes = [entry({"postData": {"mimeType": kind, "params": params}}) for kind in kinds]
    plain, multipart = har.read(recorded(tmp_path, *nodes))
    assert plain.call.body == b"prompt=a+%26+b&n=1"
    assert multipart.call.body.startswith(b'--xyz\r\nContent-Disposition: form-data; name="prompt"')
    assert multipart.call.body.endswith(b"\r\n1\r\n--xyz--\r\n")


def test_a_body_beside_the_file_is_read_and_none_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "abc.png").write_bytes(LARGE)
    [back] = har.read(recorded(tmp_path, entry({}, {"content": {"_file": "abc.png"}})))
    assert back.reply.body == LARGE
    with pytest.raises(HarError, match="bare name of a file was expected"):
        har.read(recorded(tmp_path, entry({}, {"content": {"_file": "../abc.png"}})))


def test_other_recorders_entries_are_tidied(tmp_path: Path) -> None:
    """Pseudo-headers, undone encodings and unanswered calls go; the order is that of time."""
    later = entry(
        {"headers": [{"name": ":authority", "value": "host"}, *pairs(Accept="*/*")]},
        {"headers": pairs(content_encoding="gzip", content_length="9", x="1"), "content": {}},
        startedDateTime="2026-01-01T12:00:01+01:00",
    )
    earlier = entry({}, {"status": 201}, startedDateTime="2026-01-01T11:00:00.5Z", time=250)
    unanswered = entry({}, {"status": 0})
    first, second = har.read(recorded(tmp_path, later, earlier, unanswered))
    assert (first.reply.status, second.reply.status) == (201, 200)
    assert second.started - first.started == pytest.approx(0.5)
    assert first.elapsed == 0.25
    assert second.call.headers == (("Accept", "*/*"),)
    assert second.reply.headers == (("x", "1"),)


def test_testcards_own_entries_are_left_as_they_are(tmp_path: Path) -> None:
    unanswered = Exchange(PING, Reply(0, (("Content-Encoding", "gzip"),)), 5.0)
    earlier = Exchange(PING, Reply(200), 1.0)
    assert har.read(written((unanswered, earlier), tmp_path)) == (unanswered, earlier)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON, as a HAR file is"),
        ("[]", "at the top level"),
        ('{"log": {}}', "log/entries: 'entries' is required"),
        ('{"log": {"entries": [{}]}}', "at log/entries/0/request"),
    ],
)
def test_a_file_that_is_no_har_is_refused_by_name_and_place(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "bad.har"
    path.write_text(text)
    with pytest.raises(HarError) as caught:
        har.read(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (entry({"url": 7}), "at log/entries/1/request/url"),
        (entry({}, {"content": {"text": "x", "encoding": "rot13"}}), "encoding is 'rot13'; base64"),
        (entry({}, {"content": {"text": "?", "encoding": "base64"}}), "entries/1: the text is not"),
        (entry({}, {"content": {"_sha256": "77"}}), "no entry before this one holds a body"),
        (entry({}, {"content": {"_file": "gone.png"}}), "'gone.png' beside it cannot be read"),
        (entry(startedDateTime="noon"), "entries/1: startedDateTime is 'noon'; ISO 8601"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, node: dict[str, Any], said: str) -> None:
    with pytest.raises(HarError, match=r"foreign\.har: ") as caught:
        har.read(recorded(tmp_path, entry(), node))
    assert said in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HarError, match=r"none\.har: cannot be read: No such file"):
        har.read(tmp_path / "none.har")
