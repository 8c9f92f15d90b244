"""The edges of a field: values at every bound and past it, of every word, of every other type.

What chance seldom meets and off-by-one errors live on. One thing is wrong with each value at
most, and it says which; the same values every time.

Knows JSON Schema, roles and encodings. Must not know bodies, calls, or who sends the values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from testcard.common.body import FilePart
from testcard.common.keys import UNKNOWN_FILE
from testcard.common.place import Field
from testcard.common.schema import EACH, Schema, types
from testcard.contract.calls import Links
from testcard.drivers.material import all_encodings, encoded

SIZES: Final = ("64x64", "128x64", "200x120", "512x512")
"""Small sizes, where one field holds both sides."""

EXACT: Final = 2**53
"""Whole numbers beyond it do not survive every JSON reader."""

_UNLISTED: Final = "testcard-unlisted"
_BAD: Final = "that is no picture"
_NO_PICTURE: Final = "this is no picture!"
_NOWHERE: Final = "https:///picture.png"
_MISFITS: Final[Mapping[str, tuple[Any, ...]]] = {
    "string": (17, True, ["testcard"], {"testcard": 1}),
    "integer": ("many", True, [7]),
    "number": ("much", True, [0.5]),
    "boolean": ("perhaps", 2, [True]),
}
_FORM_MISFITS: Final[Mapping[str, tuple[Any, ...]]] = {
    "integer": ("many",),
    "number": ("much",),
    "boolean": ("perhaps",),
}
_JSON_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


@dataclass(frozen=True, slots=True)
class Edge:
    """One value of a field.

    Attributes:
        value: to be sent.
        why: what is special about it, in a few words that go on from the field's name.
        breaks: the keyword that it breaks, by the page's word: minimum, enum, type, picture,
            encodings, …; empty where the page allows it.
        telling: whether it is worth a call of a run that costs; of several that break the
            same one is.
    """

    value: Any
    why: str
    breaks: str = ""
    telling: bool = False


def edges(field: Field, links: Links, *, form: bool) -> Iterator[Edge]:
    """Yield a field's edges.

    Args:
        field: of a body.
        links: pictures in the web.
        form: whether it is part of a form, where every value is text or a file.
    """
    found = list(_pictures(field, links, form=form) if field.encodings else _values(field))
    found += _misfits(field, form=form)
    if field.place.location == "path":
        found = [each for each in found if each.value != ""]
    yield from (replace(each, value=field.wrapped(each.value)) for each in found)
    if field.depth == 1 and field.place.path[-1] == EACH:
        yield from _counts(field)
    if not form and not field.depth:
        wanted = types(field.whole)
        taken = not wanted or "null" in wanted
        yield Edge(None, "null", "" if taken else "type", telling=taken)


def _counts(field: Field) -> Iterator[Edge]:
    """Yield lists of one item too few and too many."""
    one, least = field.example, field.whole.get("minItems", 0)
    if least == 1:
        yield Edge([], "with no item", "minItems", telling=True)
    elif least and one is not None:
        few = field.wrapped(one)[: least - 1]
        yield Edge(few, "with an item too few", "minItems", telling=True)
    if "maxItems" in field.whole and one is not None:
        many = [one] * (field.whole["maxItems"] + 1)
        yield Edge(many, "with an item too many", "maxItems", telling=True)


def _values(field: Field) -> Iterator[Edge]:
    schema = field.schema
    yield from _words(schema)
    if _numeric(schema):
        yield from _bounds(schema)
    if "pattern" in schema:
        yield Edge(_UNLISTED, "of another form", "pattern", telling=True)
    if field.role == "size" and "enum" not in schema:
        yield from _sizes(schema.get("pattern", ""))
    if schema.get("minLength", 0) > 0:
        yield Edge("", "empty", "minLength", telling=True)
    if schema.get("default") is not None:
        yield Edge(schema["default"], "at its default")


def _words(schema: Schema) -> Iterator[Edge]:
    words = schema.get("enum", ())
    for word in words:
        yield Edge(word, f"of {word}", telling=True)
    if words and _numeric(schema):
        between = words[0] + 64
        past = max(words) + 1
        yield Edge(past if between in words else between, "outside its list", "enum", telling=True)
        yield Edge(past, "past its list", "enum")
    elif words:
        yield Edge(_UNLISTED, "outside its list", "enum", telling=True)
        other = words[0].swapcase()
        yield Edge(other, "in other letters", "" if other in words else "enum")


def _bounds(schema: Schema) -> Iterator[Edge]:
    listed = "enum" in schema
    whole = "integer" in types(schema)
    step = schema.get("multipleOf", 1 if whole else 0.01)
    for keyword, sign in (("minimum", -1), ("maximum", 1)):
        if keyword in schema:
            bound = schema[keyword]
            yield from [] if listed else [Edge(bound, f"at its {keyword}", telling=True)]
            past = round(bound + sign * step, 9)
            yield Edge(past, f"past its {keyword}", keyword, telling=True)
    least = schema.get("minimum", 0)
    if "multipleOf" in schema:
        between = step + 1 if whole and step > 1 else step / 2
        yield Edge(least + between, f"no multiple of {step}", "multipleOf", telling=True)
    if whole and not {"number", "string"} & set(types(schema)):
        near = schema["enum"][0] if listed else least if abs(least) < EXACT else 7
        yield Edge(near + 0.5, "with a fraction", "type", telling=True)


def _sizes(pattern: str) -> Iterator[Edge]:
    for size in (SIZES[0].upper(), SIZES[0].replace("x", " x "), "64x", "0x64", "-64x64"):
        broken = pattern and not re.search(pattern, size)
        yield Edge(size, "of nearly its form", "pattern" if broken else "")


def _misfits(field: Field, *, form: bool) -> Iterator[Edge]:
    wanted = types(field.schema)
    first = not field.encodings
    for value in (_FORM_MISFITS if form else _MISFITS).get(wanted[0], ()) if wanted else ():
        if not any(_JSON_TYPES.get(each, lambda _: False)(value) for each in wanted):
            yield Edge(value, "of another type", "type", telling=first)
            first = False


def _numeric(schema: Schema) -> bool:
    return bool({"integer", "number"} & set(types(schema)))


def _pictures(field: Field, links: Links, *, form: bool) -> Iterator[Edge]:
    for value in all_encodings(field, links):
        yield Edge(value, "in one of its encodings")
    if form:
        broken = "picture" if "file" in field.encodings else "encodings"
        yield Edge(FilePart(b"no picture at all", "testcard.png"), _BAD, broken, telling=True)
    if form and not field.as_text:
        yield Edge("this is no file", "sent as text", "encodings")
        return
    coded, named = "base64" in field.encodings, "file-id" in field.encodings
    if named:
        yield Edge(UNKNOWN_FILE, "of no uploaded picture", "file-id", telling=True)
    else:
        yield Edge(_NO_PICTURE, _BAD, "picture" if coded else "encodings", telling=True)
    if coded:
        yield Edge("", "empty", "minLength" if "minLength" in field.schema else "picture")
    if "url" in field.encodings:
        yield Edge(_NOWHERE, "at no host", "picture")
    others = {"base64", "data-uri", "url"} - ({"base64"} if named else set())
    for other in sorted(others - set(field.encodings)):
        yield Edge(encoded(other, links)[0], f"sent as {other}", "encodings")
