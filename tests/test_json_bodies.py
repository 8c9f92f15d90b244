"""A JSON body says the same to testcard, whichever parser reads it, and however large it is."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import SEGMIND, client_of

from testcard.common.body import Malformed, sent_in
from testcard.common.message import Call

BODY = client_of(SEGMIND).mock.dialects["segmind"].reading.operations[0].body
LONG = '"x":"' + "A" * 5_000 + '"'
"""A member that makes a body large."""

numbers = st.integers() | st.integers(-(1 << 66), 1 << 66) | st.floats(allow_nan=False)
plain = st.none() | st.booleans() | numbers | st.text()
values = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
texts = st.builds(json.dumps, st.dictionaries(st.text(), values), ensure_ascii=st.booleans())
ODD = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    "1e-400",
    "-0",
    "-0.0",
    "01",
    "1.",
    ".5",
    "+1",
    "0x1",
    "1_000",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "1" * 300,
    "1" * 5_000,
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    '"\x01"',
    '"\x7f"',
    '"\\x41"',
    '"\\u00zz"',
    '"open',
    "nul",
    "'a'",
    "[1,]",
    "[" * 300 + "]" * 300,
    "[" * 1_100 + "]" * 1_100,
    '{"a":{"b":[1.5]}}',
    '1,"a":2',
    "1,",
    "1}",
    "1} ",
    "1}\x00",
    "1 // b",
]


def read(text: bytes) -> Any:
    """What testcard reads, with each value's type; None where it refuses."""
    assert BODY is not None
    call = Call("POST", "https://a.example/", (("content-type", "application/json"),), text)
    try:
        return typed(dict(sent_in(call, BODY).values))
    except Malformed:
        return None


def expected(text: bytes) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return typed(value) if isinstance(value, dict) else None


def typed(value: Any) -> Any:
    if isinstance(value, dict):
        return [(name, typed(each)) for name, each in value.items()]
    return (
        [typed(each) for each in value] if isinstance(value, list) else (type(value), repr(value))
    )


def large(text: str) -> bytes:
    rest = text.lstrip()[1:]
    comma = "," if rest.strip() != "}" else ""
    return f"{{{LONG}{comma}{rest}".encode("utf-8", "surrogatepass")


@given(texts)
def test_a_large_object_is_read_as_a_small_one_is(text: str) -> None:
    for body in (text.encode("utf-8", "surrogatepass"), large(text)):
        assert read(body) == expected(body)


@pytest.mark.parametrize("value", ODD)
def test_what_parsers_differ_on_is_read_in_one_way(value: str) -> None:
    for body in (f'{{"a":{value}}}'.encode(), large(f'{{"a":{value}}}')):
        assert read(body) == expected(body)


@given(st.binary(max_size=6), st.integers(0, 60))
def test_a_broken_large_body_is_refused_like_a_small_one(odd: bytes, at: int) -> None:
    """Bytes of any kind amid it: no UTF-8, control characters, signs of JSON."""
    whole = large('{"a":1,"b":"text","c":[1.5,null],"a":true}')
    place = len(whole) - at
    body = whole[:place] + odd + whole[place:]
    assert read(body) == expected(body)
