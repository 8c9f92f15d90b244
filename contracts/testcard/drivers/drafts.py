"""Bodies worth sending: what an operation takes at its cheapest, in every way that it takes it.

Knows Readings and roles. Must not know who sends, how a body is written out, or a provider.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from testcard.common.body import FilePart
from testcard.common.picture import FORMATS, encode
from testcard.common.reading import Body, Field, Operation
from testcard.common.schema import types
from testcard.contract.calls import Links

SIZES: Final = ("64x64", "128x64", "200x120", "512x512")
"""Sizes that are asked for at random, where one field holds both sides."""

_SIDE: Final = 64  # of the pictures sent, in pixels
_PROMPT: Final = "a lighthouse at dusk"
_PLAIN: Final[Mapping[str, Any]] = {
    "string": "testcard",
    "integer": 1,
    "number": 1,
    "boolean": False,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A body that is not yet addressed to anyone.

    Attributes:
        operation: what it is for.
        value: fields by their names, or bytes where it is no list of fields at all.
        why: what is special about it, in a few words.
    """

    operation: Operation
    value: Mapping[str, Any] | bytes
    why: str


def cheapest(operation: Operation, links: Links) -> dict[str, Any]:
    """Return fields that the operation takes: those required, and the smallest picture."""
    fields = operation.body.fields.values() if operation.body else ()
    wanted = (each for each in fields if each.required or each.role in ("width", "height", "size"))
    return {each.name: fitting(each, links) for each in wanted}


def fitting(field: Field, links: Links) -> Any:
    """Return a value that the field takes; the smallest where it has a size."""
    schema = field.schema
    if field.encodings:
        return pictures_for(field, links)[0]
    if field.role in ("prompt", "size"):
        return _PROMPT if field.role == "prompt" else SIZES[0]
    for keyword in ("const", "minimum"):
        if keyword in schema:
            return schema[keyword]
    if "enum" in schema:
        return schema["enum"][0]
    return next((_PLAIN[each] for each in types(schema) if each in _PLAIN), "testcard")


def pictures_for(field: Field, links: Links) -> tuple[Any, ...]:
    """Return real pictures in every way that the field takes them: strings, or FileParts."""
    return tuple(value for each in field.encodings for value in encoded(each, links))


def encoded(encoding: str, links: Links) -> list[str | FilePart]:
    """Return real pictures, in one of the ways in which pictures are sent."""
    if encoding == "url":
        return [links.picture, links.other]
    named = tuple(zip(FORMATS, samples(), strict=True))
    if encoding in ("file", "part"):
        return [
            FilePart(data, f"testcard.{n}" if encoding == "file" else None) for n, data in named
        ]
    start = "data:image/{};base64," if encoding == "data-uri" else ""
    return [start.format(name) + b64encode(data).decode() for name, data in named]


@cache
def samples() -> tuple[bytes, ...]:
    """Return one small picture in each format: green from above, red from the left."""
    ramp = np.linspace(0, 255, _SIDE).astype(np.uint8)
    array = np.full((_SIDE, _SIDE, 3), 96, np.uint8)
    array[:, :, 0], array[:, :, 1] = ramp, ramp[:, None]
    return tuple(encode(array, each) for each in FORMATS)


def shaped(body: Body, value: Any) -> Any:
    """Return `value` with whole numbers as integers where the schema has integers.

    JSON Schema takes 975.0 for an integer; few servers do, and no page promises it.
    """
    if not isinstance(value, Mapping):
        return value
    return {
        name: int(each) if isinstance(each, float) and _whole(body, name, each) else each
        for name, each in value.items()
    }


def _whole(body: Body, name: str, value: float) -> bool:
    field = body.fields.get(name)
    return value.is_integer() and field is not None and "integer" in types(field.schema)
