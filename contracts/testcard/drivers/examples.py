"""One plain value of a field: of the page's examples, of its schema, or of its type.

Knows JSON Schema and OpenAPI's examples. Must not know roles, providers, or who sends the value.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any, Final

from testcard.common.fields import Body
from testcard.common.operation import Operation
from testcard.common.place import ABSENT, Field
from testcard.common.schema import Schema, Validator, types
from testcard.contract.calls import Links

_WORD: Final = "anything"  # no word of ours: where it is a secret, it is blanked everywhere
_FORMS: Final = (
    "a", "A", "1", "1.0", "ab", "1:1", "64x64", "#aabbcc", "en", "en-US", "v1", "a/b",
    "a@b.example", "2026-11-21", "https://pictures.example/harbour.png", "image/png",
    "30s", "a1b2c3d4",
)  # fmt: skip
_OF_FORMATS: Final = {
    "date-time": "2026-11-21T10:00:00Z",
    "uuid": "6f1c1e0e-6d0f-4c0a-9d3f-2f8b7f3a1c55",
}
_BRANCHES: Final = ("oneOf", "anyOf")
_DEEPEST: Final = 6


def example_of(field: Field, operation: Operation, body: Body, links: Links) -> Any:
    """Return one value of a field: of the page's examples, of the schema, or of its type.

    The first of these that its schema takes; where it takes none, the last.
    """
    value: Any = None
    for value in (*_shown(field, operation, body), *_made(field.schema, links)):
        if Validator(field.schema).accepts(value):
            break
    return value


def _shown(field: Field, operation: Operation, body: Body) -> Iterator[Any]:
    """Yield what the examples of the body have there."""
    content = operation.node.get("requestBody", {}).get("content", {})
    examples = content.get(body.media_type, {}).get("examples", {})
    for example in examples.values() if field.place.location == "body" else ():
        found = field.place.read(example.get("value", {}))
        while isinstance(found, list) and field.depth:
            found = next((each for each in found if each is not None), ABSENT)
        if found is not ABSENT:
            yield found


def _made(schema: Schema, links: Links, depth: int = 0) -> Iterator[Any]:
    """Yield values that a schema names, then some of its type."""
    named = (schema.get("default"), schema.get("const"), schema.get("minimum"))
    listed = (*schema.get("examples", ())[:1], *schema.get("enum", ())[:1])
    yield from (each for each in (*named, *listed) if each is not None)
    for branch in (each for word in _BRANCHES for each in schema.get(word, ())):
        if types(branch) != ("null",):
            yield from _made({**branch, "x-testcard": {}}, links, depth)
    for kind in types(schema) or ("string",):
        yield from _of_type(kind, schema, links, depth)


def _of_type(kind: str, schema: Schema, links: Links, depth: int) -> Iterator[Any]:
    if kind == "boolean":
        yield False
    elif kind in ("integer", "number"):
        yield from _numbers(schema)
    elif kind == "object" and depth < _DEEPEST:
        members = schema.get("properties", {})
        needed = [name for name in schema.get("required", ()) if name in members]
        inner = {name: next(_fitting(members[name], links, depth + 1)) for name in needed}
        yield inner
    elif kind == "array" and depth < _DEEPEST:
        one = next(_fitting(schema.get("items", {}), links, depth + 1))
        yield [one] * schema.get("minItems", 0)
        yield [one]
    elif kind == "string":
        yield from _texts(schema, links)


def _fitting(schema: Schema, links: Links, depth: int) -> Iterator[Any]:
    """Yield those values that a schema takes, then what else was thought of."""
    found = [*_made(schema, links, depth), None]
    yield from (each for each in found if Validator(schema).accepts(each))
    yield from found


def _numbers(schema: Schema) -> Iterator[int | float]:
    yield 1
    step = schema.get("multipleOf", 1)
    for word in ("exclusiveMinimum", "minimum"):
        if word in schema:
            yield (ceil(schema[word] / step) + (word != "minimum")) * step
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if high is not None:
        low = schema.get("exclusiveMinimum", schema.get("minimum", high - 1))
        yield from (high, (low + high) / 2)
    yield step


def _texts(schema: Schema, links: Links) -> Iterator[str]:
    """Yield an address where one is wanted, a text as long as it has to be, and other forms."""
    if schema.get("format") == "uri":
        yield links.picture
    if schema.get("format") in _OF_FORMATS:
        yield _OF_FORMATS[schema["format"]]
    least: int = schema.get("minLength", 0)
    most: int = schema.get("maxLength", len(_WORD))
    word = (_WORD * (least // len(_WORD) + 1))[: max(least, min(most, len(_WORD)))]
    yield word
    if "pattern" in schema:
        yield from (*_FORMS, word)
