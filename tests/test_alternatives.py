"""One value or a list of such, in the OpenAPI that is served: as `oneOf`, for generated clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testcard.common.schema import Validator
from testcard.common.spec import bundled, load
from testcard.doors.alternatives import with_alternatives

PICTURES = {
    "type": ["string", "array"],
    "description": "One picture, or several.",
    "contentEncoding": "base64",
    "items": {"type": "string"},
    "minItems": 1,
    "x-testcard": {"role": "picture"},
}


def test_one_or_several_are_told_apart() -> None:
    assert with_alternatives(PICTURES) == {
        "description": "One picture, or several.",
        "x-testcard": {"role": "picture"},
        "oneOf": [
            {"type": "string", "contentEncoding": "base64"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
        ],
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["string", "null"]},
        {"type": ["array", "null"], "items": {}},
        {"type": "array", "items": {"type": "integer"}},
        {"example": {"type": ["string", "array"]}},
        {"default": {"type": ["string", "array"]}},
    ],
)
def test_what_is_no_alternative_stays(schema: dict[str, Any]) -> None:
    assert with_alternatives(schema) == schema


def test_a_property_of_the_name_of_a_word_is_a_property() -> None:
    found = with_alternatives({"properties": {"example": PICTURES, "default": PICTURES}})
    assert ["oneOf" in each for each in found["properties"].values()] == [True, True]


TEXTS = st.lists(st.text(max_size=2), max_size=3)
VALUES = st.one_of(
    st.none(), st.integers(-2, 4), st.text(max_size=2), TEXTS, st.lists(st.integers(), max_size=2)
)
KINDS = st.sampled_from(["string", "integer", "null", "array"])


@given(kinds=st.lists(KINDS, min_size=1, unique=True), value=VALUES)
def test_it_takes_the_same_values(kinds: list[str], value: Any) -> None:
    schema = {"type": kinds, "items": {"type": "string"}, "minItems": 1, "minLength": 1}
    assert Validator(with_alternatives(schema)).accepts(value) == Validator(schema).accepts(value)


def listed(node: Any) -> Iterator[dict[str, Any]]:
    """Yield each object of a document that names types in a list; settings' patches apart."""
    if isinstance(node, list):
        yield from (one for each in node for one in listed(each))
    elif isinstance(node, dict):
        yield from [node] if isinstance(node.get("type"), list) else []
        inner = (each for name, each in node.items() if name != "x-testcard")
        yield from (one for each in inner for one in listed(each))


def test_what_is_served_has_no_other() -> None:
    (path,) = [each for each in bundled() if each.stem == "segmind"]
    spec, told = load(path), with_alternatives(load(path).source)
    assert [each for each in listed(spec.source) if "array" in each["type"]]
    assert [each for each in listed(told) if {"array", "string"} <= {*each["type"]}] == []
    assert json.dumps(told).count('"oneOf"') > json.dumps(spec.source).count('"oneOf"')
