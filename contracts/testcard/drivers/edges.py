"""Bodies at the edges of a schema: each bound from both sides, each word of an enumeration.

What chance seldom meets and off-by-one errors live on. The same bodies every time.

Knows JSON Schema and Readings. Must not know who sends, or send anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from testcard.common.body import MULTIPART, FilePart
from testcard.common.reading import Body, Field, Operation, Reading
from testcard.common.schema import Schema, types
from testcard.contract.calls import Links
from testcard.drivers.drafts import SIZES, Draft, cheapest, encoded, fitting, pictures_for

_NO_WORD = "no-such-word"
_MISFITS: Mapping[str, tuple[Any, ...]] = {
    "string": (7, True, ["testcard"], {"testcard": 1}),
    "integer": ("many", True, [7]),
    "number": ("much", True, [0.5]),
    "boolean": ("perhaps", 2, [True]),
}
_FORM_MISFITS = {"integer": ("many",), "number": ("much",), "boolean": ("perhaps",)}
_MALFORMED = (
    (b"", "an empty body"),
    (b"{", "JSON that breaks off"),
    (b'{"prompt": }', "JSON with a hole in it"),
    (b"[]", "a list"),
    (b"null", "null"),
    (b"\xff\xfe\x00", "bytes that are no text"),
)


def edges(reading: Reading, links: Links) -> Iterator[Draft]:
    """Yield drafts at the edges of every operation with a body."""
    for operation in reading.operations:
        if operation.body is not None:
            for data, why in (*_MALFORMED, *_misplaced(operation, links)):
                yield Draft(operation, data, why)
            for value, why in _bodies(operation, operation.body, links):
                yield Draft(operation, value, why)


def _misplaced(operation: Operation, links: Links) -> Iterator[tuple[bytes, str]]:
    """Yield good fields in a body that is none."""
    if operation.body is None or operation.body.media_type == MULTIPART:
        return
    good = json.dumps(cheapest(operation, links))
    yield f"[{good}]".encode(), "a list with the fields in it"
    yield f"{good} and more".encode(), "an object with something after it"
    yield json.dumps(good).encode(), "an object within a string"


def _bodies(operation: Operation, body: Body, links: Links) -> Iterator[tuple[dict[str, Any], str]]:
    base = cheapest(operation, links)
    everything = {name: fitting(each, links) for name, each in body.fields.items()}
    yield base, "nothing but what is required"
    yield everything | base, "all fields"
    for name, field in body.fields.items():
        if name in base:
            yield {other: value for other, value in base.items() if other != name}, f"no {name}"
        values = _pictures(field, links) if field.encodings else _values(field)
        form = body.media_type == MULTIPART
        for value, why in (*values, *_misfits(field, _FORM_MISFITS if form else _MISFITS)):
            yield base | {name: value}, f"{name} {why}"


def _values(field: Field) -> Iterator[tuple[Any, str]]:
    schema = field.schema
    yield from _numbers(schema)
    for word in schema.get("enum", ()):
        yield word, f"of {word}"
    yield from _outside(schema)
    if field.role == "size":
        for size in (SIZES[0].upper(), SIZES[0].replace("x", " x "), "64x", "0x64", "-64x64"):
            yield size, "of nearly its form"
    if "minLength" in schema:
        yield "", "empty"
    if "default" in schema and schema["default"] is not None:
        yield schema["default"], "at its default"
    yield None, "null"


def _outside(schema: Schema) -> Iterator[tuple[Any, str]]:
    words = schema.get("enum", ())
    if words:
        yield max(words) + 1 if _numeric(schema) else _NO_WORD, "outside its list"
    if words and not _numeric(schema):
        yield words[0].swapcase(), "in other letters"
    if "pattern" in schema:
        yield _NO_WORD, "of another form"


def _misfits(field: Field, known: Mapping[str, tuple[Any, ...]]) -> Iterator[tuple[Any, str]]:
    wanted = types(field.schema)
    for value in known.get(wanted[0], ()) if wanted else ():
        yield value, "of another type"


def _numbers(schema: Schema) -> Iterator[tuple[Any, str]]:
    if not _numeric(schema) or "enum" in schema:
        return
    step = schema.get("multipleOf", 1 if "integer" in types(schema) else 0.01)
    for keyword, sign in (("minimum", -1), ("maximum", 1)):
        if keyword in schema:
            yield schema[keyword], f"at its {keyword}"
            yield round(schema[keyword] + sign * step, 9), f"past its {keyword}"
    if "multipleOf" in schema:
        yield schema.get("minimum", 0) + step + 1, f"no multiple of {step}"
    if "integer" in types(schema):
        yield schema.get("minimum", 0) + 0.5, "with a fraction"


def _numeric(schema: Schema) -> bool:
    return bool({"integer", "number"} & set(types(schema)))


def _pictures(field: Field, links: Links) -> Iterator[tuple[Any, str]]:
    for value in pictures_for(field, links):
        yield value, "in one of its encodings"
    if "file" in field.encodings:
        yield FilePart(b"this is no picture", "testcard.png"), "that is no picture"
        yield "this is no file", "sent as text"
        return
    yield "this is no picture!", "that is no picture"
    for other in sorted({"base64", "data-uri", "url"} - set(field.encodings)):
        yield encoded(other, links)[0], f"sent as {other}"
