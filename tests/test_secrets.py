"""A key is never kept, wherever a client put it: journal, log, recording and report."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest
from tests.support import (
    AITHRIVING,
    APIS,
    BOTH,
    EVERY_API,
    HOST,
    IMG2IMG,
    INPAINTING,
    SEGMIND,
    Api,
    Client,
    client_of,
    form,
    mock_of,
)

from testcard.common.message import BLANKED, Call, Exchange, Reply
from testcard.common.reading import Profile
from testcard.common.redaction import redacted, redacted_url
from testcard.common.secret_members import secret_name, secret_spans
from testcard.doors.log import JsonFormatter, TextFormatter, log_call
from testcard.record.har import write

SECRET = "sk-94a7c0Fe2b"
SIGNED = f"https://bucket.example/a.png?X-Amz-Date=2024&X-Amz-Signature={SECRET}"
JSON = ("Content-Type", "application/json")
MEGA = 1_000_000


def sent(api: Api, **fields: object) -> Call:
    url = f"{HOST}/{api.provider}{api.path}"
    said = {**api.smallest, **fields}
    body = form(said) if api.form else json.dumps(said).encode()
    return Call("POST", url, (("Content-Type", api.media_type), (api.key_header, "a-key")), body)


def with_body(api: Api, body: bytes) -> Call:
    return replace(sent(api), body=body)


PLACES = {
    "a query parameter": Call("POST", f"{HOST}/segmind/v1/sd1.5-img2img?api_key={SECRET}"),
    "the query of nobody's URL": Call("GET", f"{HOST}/nowhere?a=1&access_token={SECRET}"),
    "a user in the URL": Call("GET", f"http://me:{SECRET}@testcard.test/segmind/x"),
    "a header of a broker": replace(
        sent(SEGMIND), headers=(JSON, ("X-RapidAPI-Key", SECRET), ("x-api-key", "a-key"))
    ),
    "a header of another API": Call("GET", f"{HOST}/nowhere", (("Authentication", SECRET),)),
    "a member of the body": sent(SEGMIND, api_key=SECRET),
    "a member in a member": sent(SEGMIND, settings={"auth": {"accessToken": SECRET}}),
    "a number": with_body(SEGMIND, b'{"secret" : 94700212345, "prompt":"a"}'),
    "a member of a broken body": with_body(SEGMIND, b'{"apiKey":"' + SECRET.encode() + b'"'),
    "a member of JSON that is called a form": replace(
        sent(SEGMIND, password=SECRET),
        headers=(("Content-Type", "application/x-www-form-urlencoded"), ("x-api-key", "a-key")),
    ),
    "a part of a form": sent(AITHRIVING, token=SECRET),
    "a pair of a form": Call(
        "POST",
        f"{HOST}/nowhere",
        (("Content-Type", "application/x-www-form-urlencoded"),),
        f"a=1&client_secret={SECRET}&b=2".encode(),
    ),
    "a signed link": sent(IMG2IMG, inputImage=SIGNED),
    "a signed link with escaped slashes": with_body(
        IMG2IMG,
        json.dumps({**IMG2IMG.smallest, "inputImage": SIGNED}).replace("/", r"\/").encode(),
    ),
    "a signed link with escaped signs": with_body(
        IMG2IMG,
        json.dumps({**IMG2IMG.smallest, "inputImage": SIGNED})
        .replace("&", r"\u0026")
        .replace("e=", r"e\u003d")
        .encode(),
    ),
    "a message that repeats the key": replace(
        sent(INPAINTING, size=SECRET),
        headers=(JSON, (INPAINTING.key_header, SECRET)),
    ),
    "a path that repeats the key": Call(
        "GET", f"{HOST}/nowhere/{SECRET}", (("Authorization", f"Bearer {SECRET}"),)
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_key_stands_in_the_journal_or_a_recording(place: str, tmp_path: Path) -> None:
    call = PLACES[place]
    secret = SECRET if SECRET in repr(call) else "94700212345"
    mock = mock_of(*APIS)
    reply = mock.answer(call)
    (entry,) = mock.journal.entries()
    assert secret not in repr(entry)
    assert entry.exchange.call != call
    shown = mock.answer(Call("GET", f"{HOST}/_testcard/journal"))
    assert secret not in shown.body.decode()
    (once,) = redacted((Exchange(call, reply),))
    assert secret not in repr(once.call)
    assert redacted((once,)) == (once,)
    write((Exchange(call, reply),), tmp_path / "a.har")
    assert secret not in (tmp_path / "a.har").read_text(encoding="utf-8")


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_no_key_stands_in_a_line_of_the_log(
    formatter: logging.Formatter, caplog: pytest.LogCaptureFixture
) -> None:
    mock = mock_of(*APIS)
    for call in PLACES.values():
        mock.answer(call)
    with caplog.at_level(logging.INFO, logger="testcard.calls"):
        for entry in mock.journal.entries():
            log_call(entry)
    assert len(caplog.records) == len(PLACES)
    assert SECRET not in "".join(formatter.format(record) for record in caplog.records)


def test_a_body_with_its_key_blanked_is_json_as_before() -> None:
    body = (
        b'{"secret" : 12345678, "a": {"api_key": "x\\"y\\\\", "b": [1]}, "token": "", "key": null}'
    )
    (clean,) = redacted((Exchange(replace(sent(SEGMIND), body=body), Reply(200)),))
    assert json.loads(clean.call.body) == {
        "secret": BLANKED,
        "a": {"api_key": BLANKED, "b": [1]},
        "token": "",
        "key": None,
    }


@pytest.mark.parametrize(
    "call",
    [
        sent(SEGMIND, max_tokens=7, keywords="a b", monkey="x", signatures=["a"]),
        sent(AITHRIVING, tokens="seven"),
        sent(IMG2IMG, inputImage="https://a.example/b.png?width=3&height=4"),
        with_body(SEGMIND, b'"api_key" "not a member"'),
        with_body(SEGMIND, bytes(range(256)) * 100),
    ],
    ids=["names that only resemble", "a part", "a link", "no member", "any bytes"],
)
def test_a_body_without_a_secret_is_kept_byte_for_byte(call: Call) -> None:
    mock = mock_of(*APIS)
    mock.answer(call)
    assert mock.journal.entries()[0].exchange.call.body == call.body
    assert redacted((Exchange(call, Reply(200)),))[0].call.body == call.body


def test_what_kind_of_key_was_sent_stays() -> None:
    client = client_of(SEGMIND)
    for key, kept in (("invalid-1", "invalid[blanked]"), ("nocredits", "nocredits[blanked]")):
        client.but(key=key).ask()
        assert client.entry.exchange.call.header("x-api-key") == kept
    client.but(key=None, headers={"Authorization": "Bearer abc"}).ask()
    assert client.entry.exchange.call.header("authorization") == "Bearer [blanked]"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("X-RapidAPI-Key", True),
        ("Ocp-Apim-Subscription-Key", True),
        ("apikey", True),
        ("X-Amz-Security-Token", True),
        ("client_secret", True),
        ("accessToken", True),
        ("Set-Cookie", True),
        ("max_tokens", False),
        ("monkey", False),
        ("author", False),
        ("Content-Type", False),
        ("key" * 1_000, False),
    ],
)
def test_a_secret_is_told_by_its_name(name: str, secret: bool) -> None:
    assert secret_name(name) is secret


HOSTILE = {
    "quotation marks": (b"{", b'"', 31 * MEGA, JSON[1]),
    "a million keys": (b"{", b'"key":"xxxxxxxxxxxxxxx",', MEGA, JSON[1]),
    "long keys": (b"{", b'"key":"' + b"x" * 4_000 + b'",', 7_000, JSON[1]),
    "a URL of question marks": (b'{"a":"http://', b"?", 31 * MEGA, JSON[1]),
    "a URL of escapes": (b'{"a":"http://a?', rb"\/", 15 * MEGA, JSON[1]),
    "a URL of parameters": (b'{"a":"http://a?', b"a=b&", 7 * MEGA, JSON[1]),
    "a million URLs": (b'{"a":"', b"http://a?token=bcdefghijk ", MEGA, JSON[1]),
    "colons": (b'{"a":"?', b":", 31 * MEGA, JSON[1]),
    "parts": (b"", b'\r\n name="key"', 2 * MEGA, "multipart/form-data"),
    "pairs": (b"", b"key=abcdefgh&", 2 * MEGA, "application/x-www-form-urlencoded"),
    "blanks": (b'{"key"', b" ", 30 * MEGA, JSON[1]),
}
"""How a body begins, what it goes on with, how often, and its media type."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_body_made_to_be_searched_long_is_searched_briefly(name: str) -> None:
    """Where there is too much to look through, nothing of it is kept."""
    head, piece, times, media_type = HOSTILE[name]
    body = head + piece * times
    call = Call("POST", f"{HOST}/nowhere", (("Content-Type", media_type),), body)
    mock = mock_of(SEGMIND)
    began = process_time()
    mock.answer(call)
    assert process_time() - began < 1
    kept = mock.journal.entries()[0].exchange.call.body
    assert kept in (BLANKED.encode(), body)


def test_a_url_of_a_megabyte_is_blanked_at_once() -> None:
    began = process_time()
    redacted_url("http://a/" + "?" * MEGA + "&key=" + SECRET)
    assert process_time() - began < 1
    assert SECRET not in redacted_url(f"http://a/?a?api_key={SECRET}")


def test_an_honest_upload_is_kept_whole() -> None:
    """Pictures have any bytes, quotation marks and question marks among them."""
    picture = bytes(range(256)) * 40_000
    call = Call("POST", f"{HOST}/nowhere", (("Content-Type", "image/png"),), picture)
    upload = replace(sent(AITHRIVING), body=form({"init_image": picture.decode("latin-1")}))
    for each in (call, upload):
        mock = mock_of(AITHRIVING)
        mock.answer(each)
        assert mock.journal.entries()[0].exchange.call.body == each.body


def test_a_key_of_a_million_words_is_no_million_secrets() -> None:
    call = replace(sent(SEGMIND), headers=(("x-api-key", "bearer word-of-a-key " * 300_000),))
    began = process_time()
    assert "word-of" not in repr(redacted((Exchange(call, Reply(200)),))[0].call)
    assert process_time() - began < 1


def test_spans_do_not_overlap() -> None:
    body = b'{"key":"a \\"key\\": \\"b\\"", "token": "c"}'
    spans = secret_spans(body, None)
    assert [body[span.start : span.end] for span in spans] == [b'a \\"key\\": \\"b\\"', b"c"]


def test_a_key_that_a_form_repeats_is_gone_from_its_fields() -> None:
    client = Client(SEGMIND, mock_of(SEGMIND), key=SECRET)
    client.ask(prompt=f"my key is {SECRET}", colour="red")
    assert client.entry.fields["prompt"] == f"my key is {BLANKED}"


@BOTH
@EVERY_API
def test_no_error_message_repeats_a_key(profile: Profile, api: Api) -> None:
    """What a field holds is told back, but not where it is the key."""
    client = client_of(api, profile).but(key=SECRET)
    for field in api.smallest:
        for value in ([SECRET], {"a": SECRET}, SECRET, f"https://{SECRET}/"):
            reply = client.ask(**{field: value})
            if client.entry.verdict != "ok":
                assert SECRET.encode() not in reply.body, reply.body
    client.ask(**{"width" if api.form else "prompt": ["another-word"]})
    assert "another-word" in client.entry.detail
    missing = client.send(b"", path=f"/{SECRET}")
    assert SECRET.encode() not in missing.body
