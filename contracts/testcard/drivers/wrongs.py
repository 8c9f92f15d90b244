"""Values that a page does not allow: one for each thing that it asks of a field.

Knows JSON Schema. Must not know providers, or who sends the values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from testcard.common.reading import Field
from testcard.common.schema import Schema, types
from testcard.drivers.material import picture_value
from testcard.drivers.values import EXACT, SEED, Values

_NUMBERS: Final = ("integer", "number")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that the page does not allow.

    Attributes:
        name: of the field.
        value: to be sent; None to leave the field out.
        why: the keyword broken, for people.
    """

    name: str
    value: Any
    why: str


def wrong(values: Values) -> Iterator[Wrong]:
    """Yield one wrong value for each thing that the page asks of a field."""
    for name, each in values.body.fields.items():
        if each.required:
            yield Wrong(name, None, "required")
        yield from _outside(name, each.schema)
        if "enum" in each.schema:
            yield Wrong(name, _unlisted(each.schema), "enum")
        if "pattern" in each.schema:
            yield Wrong(name, "large", "pattern")
        if each.schema.get("minLength", 0) > 0 and not each.encodings:
            yield Wrong(name, "", "minLength")
        yield from _mistyped(values, name, each)


def _outside(name: str, schema: Schema) -> Iterator[Wrong]:
    step = schema.get("multipleOf", 1 if "integer" in types(schema) else 0.01)
    for bound, sign in (("minimum", -1), ("maximum", 1)):
        limit = schema.get(bound)
        if limit is not None and abs(limit) < EXACT:
            yield Wrong(name, round(limit + sign * step, 6), bound)
    if "multipleOf" in schema:
        yield Wrong(name, schema.get("minimum", 0) + schema["multipleOf"] // 2, "multipleOf")


def _mistyped(values: Values, name: str, field: Field) -> Iterator[Wrong]:
    form = values.body.media_type != "application/json"
    kinds = types(field.schema)
    if field.encodings:
        bad = picture_value(b"no picture at all", "file", "") if form else "no-picture"
        yield Wrong(name, bad, "picture")
    elif "string" in kinds and not form:
        yield Wrong(name, 17, "type")
    elif set(kinds) & {*_NUMBERS, "boolean"}:
        yield Wrong(name, "many", "type")
    if "integer" in kinds:
        yield Wrong(name, _base_number(field) + 0.5, "type")


def _base_number(field: Field) -> int:
    if field.role == "seed":
        return SEED
    return int(field.schema.get("minimum", field.schema.get("default", 1)))


def _unlisted(schema: Schema) -> Any:
    if "string" in types(schema):
        return "testcard-unlisted"
    numbers = sorted(schema["enum"])
    return numbers[0] + 64 if numbers[0] + 64 not in numbers else numbers[-1] + 1
