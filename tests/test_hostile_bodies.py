"""Bodies made to cost much: each is refused in the provider's own words, at little cost.

A bound on time is one of processor time, and ten times what the call needs.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from json import loads
from time import process_time

import pytest
from tests.support import AITHRIVING, BOTH, HOST, SEGMIND, Api, client_of, form, photo, text

from testcard.common.body import FilePart, Malformed, sent_in
from testcard.common.message import Call
from testcard.common.reading import Profile

MOST_SECONDS = 1.0
MEGA = 1_000_000
_BOUNDARY = AITHRIVING.media_type.partition("boundary=")[2].encode()
_PROMPT = b"--" + _BOUNDARY + b'\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n'
_END = b"\r\n--" + _BOUNDARY + b"--\r\n"


@dataclass(frozen=True)
class Hostile:
    """A body, whom it is sent to, and what the journal says of it."""

    api: Api
    body: bytes
    kind: str
    said: str


def json_with(member: bytes) -> bytes:
    """The smallest body of Segmind with one more member in front."""
    image = text(photo()).encode()
    return b"{" + member + b',"prompt":"a fox","image":"' + image + b'"}'


def form_with(content: bytes) -> bytes:
    return _PROMPT + content + _END


BODIES: dict[str, Callable[[], Hostile]] = {
    "a number of 60,000 digits in JSON": lambda: Hostile(
        SEGMIND, json_with(b'"strength":"' + b"1" * 60_000 + b'x"'), "invalid", "strength"
    ),
    "a number of 60,000 digits in a form": lambda: Hostile(
        AITHRIVING, form({**AITHRIVING.smallest, "width": "1" * 60_000 + "x"}), "invalid", "width"
    ),
    "a list of ten million": lambda: Hostile(
        SEGMIND, json_with(b'"a":[' + b"1," * 10 * MEGA + b"1]"), "malformed", "more than 10000"
    ),
    "a million keys": lambda: Hostile(
        SEGMIND,
        json_with(b",".join(b'"k%d":1' % at for at in range(MEGA))),
        "malformed",
        "more than 10000",
    ),
    "many lists a thousand deep": lambda: Hostile(
        SEGMIND,
        json_with(b'"a":[' + b",".join([b"[" * 1000 + b"]" * 1000] * 5_000) + b"]"),
        "malformed",
        "more than 10000",
    ),
    "a list a hundred thousand deep": lambda: Hostile(
        SEGMIND, json_with(b'"a":' + b"[" * 100_000 + b"]" * 100_000), "malformed", "more than"
    ),
    "a list two thousand deep": lambda: Hostile(
        SEGMIND, json_with(b'"a":' + b"[" * 2_000 + b"]" * 2_000), "malformed", "not JSON"
    ),
    "an integer of 900,000 digits": lambda: Hostile(
        SEGMIND, json_with(b'"seed":' + b"1" * 900_000), "malformed", "not JSON"
    ),
    "a prompt of five million characters": lambda: Hostile(
        SEGMIND, json_with(b'"negative_prompt":"' + b"x" * 5 * MEGA + b'"'), "malformed", "5000000"
    ),
    "a data URI that is all head": lambda: Hostile(
        SEGMIND,
        b'{"prompt":"","image":"data:' + b"x;" * 15 * MEGA + b'"}',
        "invalid",
        "a data URI that begins",
    ),
    "a URL of thirty megabytes": lambda: Hostile(
        SEGMIND,
        b'{"prompt":"","image":"https://a/' + b"a" * 30 * MEGA + b'"}',
        "invalid",
        "a URL",
    ),
    "thirty megabytes that are no base64": lambda: Hostile(
        SEGMIND, b'{"prompt":"","image":"' + b"!" * 30 * MEGA + b'"}', "invalid", "not base64"
    ),
    "a form of carriage returns": lambda: Hostile(
        AITHRIVING, form_with(b"\r" * 31 * MEGA), "malformed", "at most 1000000"
    ),
    "a form of boundaries that are none": lambda: Hostile(
        AITHRIVING, form_with((b"\r\n--" + _BOUNDARY[:-1]) * MEGA), "malformed", "at most 1000000"
    ),
    "a form that ends in blanks": lambda: Hostile(
        AITHRIVING, form_with(b"a fox") + b" " * 30 * MEGA, "invalid", "init_image"
    ),
    "a hundred thousand parts of one name": lambda: Hostile(
        AITHRIVING, (_PROMPT + b"\r\n") * 100_000 + form_with(b""), "malformed", "100 parts"
    ),
}


@BOTH
@pytest.mark.parametrize("name", BODIES)
def test_a_body_made_to_cost_much_is_refused_at_little_cost(name: str, profile: Profile) -> None:
    hostile = BODIES[name]()
    client = client_of(hostile.api, profile)
    began = process_time()
    reply = client.send(hostile.body)
    assert process_time() - began < MOST_SECONDS
    problems = client.mock.dialects[hostile.api.provider].reading.problems
    assert (client.entry.verdict, reply.status) == (hostile.kind, problems[hostile.kind])
    assert hostile.said in client.entry.detail
    assert len(reply.body) < 2_000


@pytest.mark.parametrize("name", BODIES)
def test_a_body_made_to_cost_much_is_held_at_most_three_times_over(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside itself: as its text, and as what a parser has of it.

    orjson reserves twelve times the size of a document and touches little of it, which cannot
    be told from use; so the standard library's parser stands in for it.
    """
    hostile = BODIES[name]()
    client = client_of(hostile.api)
    monkeypatch.setattr("orjson.loads", loads)
    tracemalloc.start()
    try:
        client.send(hostile.body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(hostile.body) + MEGA


@BOTH
def test_a_large_and_honest_body_is_taken(profile: Profile) -> None:
    """Thirty megabytes of base64, and a prompt with two thousand commas."""
    client = client_of(SEGMIND, profile)
    padded = photo() + b"\0" * 22 * MEGA  # what stands behind a picture's end is passed over
    reply = client.ask(image=text(padded), prompt="a fox, red, " * 1_000)
    assert reply.status == 200
    assert client_of(AITHRIVING, profile).ask(init_image=FilePart(padded, "a.png")).status == 200


def test_of_many_unknown_fields_the_first_twenty_are_told() -> None:
    client = client_of(SEGMIND)
    assert client.ask(**{f"k{at}": at for at in range(9_000)}, **{"n" * 5_000: 1}).status == 200
    findings = [each for each in client.entry.findings if "no such field" in each.message]
    assert [each.where for each in findings] == [f"k{at}" for at in range(20)]
    assert "and 8981 more" in client.entry.findings[-1].message
    client.ask(**{"n" * 5_000: 1})
    assert max(len(each.where) for each in client.entry.findings) < 100


def test_a_repeated_part_breaks_the_page_and_is_a_finding_in_the_lenient_profile() -> None:
    """All but the last were lost without a word."""
    fields = form(AITHRIVING.smallest)
    twice = _PROMPT + b"a blue fox\r\n" + fields
    strict = client_of(AITHRIVING, "documented")
    strict.send(twice)
    assert strict.entry.verdict == "malformed"
    assert "2 parts of the name 'prompt'; one was expected" in strict.entry.detail
    lenient = client_of(AITHRIVING)
    lenient.send(twice)
    assert lenient.entry.verdict == "ok"
    assert lenient.entry.fields["prompt"] == "a red fox"
    (finding,) = [each for each in lenient.entry.findings if each.where == "prompt"]
    assert "2 parts of the name 'prompt'; one was expected" in finding.message
    strict.send(fields)
    assert strict.entry.verdict == "ok"


@BOTH
@pytest.mark.parametrize(
    ("media_type", "said"),
    [
        ("multipart/form-data; boundary=" + "b" * 300, "256"),
        ("multipart/form-data; " + 'a="' + ";" * MEGA, "at most 1000"),
        ("multipart/form-data; boundary=", "with a boundary"),
    ],
    ids=["a long boundary", "a long header", "no boundary"],
)
def test_a_content_type_that_names_no_usable_boundary_is_malformed(
    media_type: str, said: str, profile: Profile
) -> None:
    client = client_of(AITHRIVING, profile).but(media_type=media_type)
    began = process_time()
    client.ask()
    assert process_time() - began < MOST_SECONDS
    assert client.entry.verdict == "malformed"
    assert said in client.entry.detail


@pytest.mark.parametrize("most", [9_999, 10_001], ids=["as many as are read", "one more"])
def test_commas_are_counted_to_a_bound(most: int) -> None:
    client = client_of(SEGMIND)
    body = client.mock.dialects["segmind"].reading.operations[0].body
    assert body is not None
    call = Call("POST", "http://a/", (("content-type", "application/json"),), b"")
    sent = Call(call.method, call.url, call.headers, b'{"prompt":"' + b"," * most + b'"}')
    if most < 10_000:
        assert sent_in(sent, body).values == {"prompt": "," * most}
    else:
        with pytest.raises(Malformed, match="10000 commas"):
            sent_in(sent, body)


@pytest.mark.parametrize("name", ["many lists a thousand deep", "a list of ten million"])
def test_the_journal_shows_a_body_of_many_members_by_its_size(name: str) -> None:
    client = client_of(SEGMIND)
    client.send(BODIES[name]().body)
    began = process_time()
    shown = client.mock.answer(Call("GET", f"{HOST}/_testcard/journal"))
    assert process_time() - began < MOST_SECONDS
    assert b"bytes of more members than are shown" in shown.body


@pytest.mark.parametrize("path", ["faults", "reset"])
def test_what_is_told_to_testcard_itself_is_short(path: str) -> None:
    """A million keys took two seconds, and the refusal repeated every one."""
    mock = client_of(SEGMIND).mock
    headers = (("content-type", "application/json"),)
    began = process_time()
    call = Call("POST", f"{HOST}/_testcard/{path}", headers, BODIES["a million keys"]().body)
    reply = mock.answer(call)
    assert process_time() - began < MOST_SECONDS
    assert reply.status == 400
    assert b"at most 65536 are read here" in reply.body
    fault = b'{"provider":"segmind","kind":"overloaded"}'
    taken = mock.answer(Call("POST", f"{HOST}/_testcard/faults", headers, fault))
    assert taken.status < 300
