"""The validator's messages, what strings are read as, and merge patches."""

from __future__ import annotations

from time import thread_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testcard.common.schema import Breach, Validator, coerced, merged, nodes, shown, types

FORM = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "minLength": 2, "maxLength": 100},
        "steps": {"type": "integer", "minimum": 1, "maximum": 50, "multipleOf": 5},
        "seed": {"type": "integer"},
        "sampler": {"enum": ["DDIM", "Euler"]},
        "size": {"type": "string", "pattern": "^[0-9]+x[0-9]+$"},
        "urls": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
    },
    "x-testcard": {"grade": "assumed"},
}


def breaches(value: Any) -> list[Breach]:
    return Validator(FORM).breaches(value)


@pytest.mark.parametrize(
    ("value", "path", "keyword", "said"),
    [
        ({}, ("prompt",), "required", ["'prompt' is required and was not sent"]),
        ({"prompt": 7}, ("prompt",), "type", ["7", "string"]),
        ({"prompt": "a"}, ("prompt",), "minLength", ["'a'", "2"]),
        ({"prompt": "ab", "steps": 55}, ("steps",), "maximum", ["55", "50"]),
        ({"prompt": "ab", "steps": 0}, ("steps",), "minimum", ["0", "1"]),
        ({"prompt": "ab", "steps": 7}, ("steps",), "multipleOf", ["7", "5"]),
        ({"prompt": "ab", "seed": 1.5}, ("seed",), "type", ["1.5", "integer"]),
        ({"prompt": "ab", "sampler": "LMS"}, ("sampler",), "enum", ["'LMS'", "DDIM", "Euler"]),
        ({"prompt": "ab", "size": "5by5"}, ("size",), "pattern", ["'5by5'", "^[0-9]+x[0-9]+$"]),
        ({"prompt": "ab", "urls": ["a", 3]}, ("urls", 1), "type", ["3", "string"]),
        ({"prompt": "ab", "urls": ["a"] * 3}, ("urls",), "maxItems", ["'a'", "2"]),
    ],
)
def test_a_breach_says_what_was_seen_and_what_was_expected(
    value: Any, path: tuple[str | int, ...], keyword: str, said: list[str]
) -> None:
    (breach,) = breaches(value)
    assert breach.path == path
    assert breach.keyword == keyword
    for word in said:
        assert word in breach.message


def test_every_breach_is_told() -> None:
    found = breaches({"steps": 99, "size": "big"})
    assert {breach.keyword for breach in found} == {"required", "maximum", "multipleOf", "pattern"}


def test_a_value_that_is_not_an_object_breaks_at_the_root() -> None:
    (breach,) = breaches([1])
    assert breach.path == ()
    assert "[1]" in breach.message


def test_a_long_value_is_shown_shortened() -> None:
    """Nobody wants a megabyte of base64 in a message."""
    (breach,) = breaches({"prompt": "a" * 1_000_000})
    assert len(breach.message) < 200
    assert "(1000000 characters)" in breach.message
    assert len(shown(list(range(10_000)))) < 80
    assert shown("short") == "'short'"


def test_a_value_of_the_validators_own_kind_cannot_break_a_message() -> None:
    (breach,) = breaches({"prompt": "ab", "size": "\x00{}%s"})
    assert "\\x00{}%s" in breach.message


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_is_judged_without_failing(value: Any) -> None:
    found = breaches(value)
    assert Validator(FORM).accepts(value) == (not found)
    assert all(len(breach.message) < 300 for breach in found)


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("42", "integer", 42),
        (" -7 ", "integer", -7),
        ("+7", "integer", 7),
        ("42.0", "integer", 42),
        ("42.5", "integer", "42.5"),
        ("4e2", "integer", "4e2"),
        ("", "integer", ""),
        ("many", "integer", "many"),
        ("0x10", "integer", "0x10"),
        ("1_000", "integer", "1_000"),
        ("２", "integer", "２"),
        ("٢.٥", "number", "٢.٥"),
        ("1" * 401, "number", "1" * 401),
        ("0.5", "number", 0.5),
        (".5", "number", 0.5),
        ("5.", "number", 5.0),
        ("1e-3", "number", 0.001),
        ("nan", "number", "nan"),
        ("inf", "number", "inf"),
        ("true", "boolean", True),
        ("False", "boolean", False),
        ("1", "boolean", True),
        ("0", "boolean", False),
        ("yes", "boolean", "yes"),
        ("42", "string", "42"),
        ("null", "null", "null"),
        ("42", ["string", "null"], "42"),
        ("42", ["integer", "null"], 42),
        ("42", ["boolean", "integer"], 42),
    ],
)
def test_a_string_is_read_as_the_type_asked_for(text: str, type_: Any, value: Any) -> None:
    read = coerced(text, {"type": type_})
    assert read == value
    assert type(read) is type(value)


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from(["integer", "number", "boolean", "string", "null"]))
def test_what_is_read_is_of_the_type_or_the_text_itself(text: str, type_: str) -> None:
    read = coerced(text, {"type": type_})
    assert read is text or Validator({"type": type_}).accepts(read)


def test_a_schema_without_a_type_leaves_text_alone() -> None:
    assert types({}) == ()
    assert coerced("42", {}) == "42"


@pytest.mark.parametrize("tail", ["x", ".x", ".1x", "e", "e1x"])
@pytest.mark.parametrize("length", [390, 60_000, 1_000_000])
@pytest.mark.parametrize("type_", ["integer", "number", "boolean"])
def test_a_long_number_with_a_flaw_is_read_at_once(tail: str, length: int, type_: str) -> None:
    """Sixty thousand digits once took a minute and a half, for the pattern went back and forth."""
    text = "1" * length + tail
    began = thread_time()
    assert coerced(text, {"type": type_}) is text
    assert thread_time() - began < 0.2


def test_a_message_that_lists_members_is_cut() -> None:
    closed = Validator({"type": "object", "additionalProperties": False})
    (breach,) = closed.breaches({f"k{at}": at for at in range(9_000)})
    assert "k0" in breach.message
    assert len(breach.message) < 600


def test_of_many_breaches_the_first_hundred_are_told() -> None:
    urls = Validator({"type": "array", "items": {"type": "string"}})
    assert len(urls.breaches([1] * 99)) == 99
    assert len(urls.breaches([1] * 50_000)) == 100


RFC_7396 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
def test_merge_patches_are_those_of_rfc_7396(target: Any, patch: Any, result: Any) -> None:
    """Every example of its appendix A; what is patched stays as it was."""
    before = repr(target)
    assert merged(target, patch) == result
    assert repr(target) == before


def test_nodes_finds_every_schema_in_a_schema() -> None:
    schema = {
        "properties": {"a": {"items": {"type": "string"}}, "b": {"oneOf": [{}, {"const": 1}]}}
    }
    assert ["/".join(path) for path, _ in nodes(schema)] == [
        "",
        "properties/a",
        "properties/a/items",
        "properties/b",
        "properties/b/oneOf/0",
        "properties/b/oneOf/1",
    ]
