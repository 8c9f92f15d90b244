"""The one validator: values against JSON Schema, with messages that say what was seen.

Knows JSON Schema and strings that stand for numbers. Must not know HTTP or a provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from reprlib import Repr
from typing import Any, Final

import jsonschema_rs

Schema = Mapping[str, Any]

EACH: Final = "[]"
"""The step from a list to each of its items."""

_PLAIN_NAME: Final = re.compile(r"[^.\[\]]+")
_SEEN = "\x00"  # stands in a message for the value; no JSON text can hold it bare
_INTEGER = re.compile(r"[+-]?[0-9]{1,100}(\.0+)?")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LONGEST_WORD = 400  # characters of a number or truth value; the largest double has 309 digits
_BLANKS = " \t\r\n"
_MOST_BREACHES = 100
_LONGEST_MESSAGE = 500  # characters
_outline = Repr()  # the repr of what is deep and large, at the cost of its beginning
_outline.maxstring = _outline.maxother = 60
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where a value is not what a schema says.

    Attributes:
        path: from the value's root to the place: member names and indices.
        keyword: the JSON Schema keyword broken.
        message: what was seen and what was expected, in one sentence.
    """

    path: tuple[str | int, ...]
    keyword: str
    message: str


class Validator:
    """A compiled schema."""

    def __init__(self, schema: Schema) -> None:
        """Compile `schema` (JSON Schema 2020-12; `x-testcard` members are passed over)."""
        self._compiled = jsonschema_rs.Draft202012Validator(
            dict(schema), validate_formats=True, mask=_SEEN
        )

    def accepts(self, value: Any) -> bool:
        """Whether `value` keeps the schema."""
        return self._compiled.is_valid(value)

    def breaches(self, value: Any) -> list[Breach]:
        """Return the first 100 breaches, in the schema's order; an empty list where none are."""
        try:
            if self._compiled.is_valid(value):
                return []
            errors = islice(self._compiled.iter_errors(value), _MOST_BREACHES)
            return [_breach(error, value) for error in errors]
        except ValueError as error:  # nested too deep to be walked
            return [Breach((), "depth", f"this cannot be checked: {error}")]


def _breach(error: jsonschema_rs.ValidationError, value: Any) -> Breach:
    path = tuple(error.instance_path)
    message = error.message
    keyword = error.kind.name
    if keyword == "required":
        missing = str(error.kind.as_dict()["property"])
        return Breach((*path, missing), keyword, f"{missing!r} is required and was not sent")
    if keyword == "enum":
        options = ", ".join(repr(each) for each in error.kind.as_dict()["options"])
        return Breach(path, keyword, f"{shown(at(value, path))} is not one of {options}")
    return Breach(path, keyword, _cut(message.replace(_SEEN, shown(at(value, path)))))


def _cut(message: str) -> str:
    """A message that may list every member of an object, in bounded length."""
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"


def named(path: Iterable[str | int]) -> str:
    """Return how a place in a value is named: `input.image`, `text_prompts[1].text`.

    Names that hold a dot or a bracket are quoted: `input["a.b"]`. The step `[]` is every item.
    """
    told = ""
    for step in path:
        if isinstance(step, int):
            told += f"[{step}]"
        elif step == EACH:
            told += step
        elif _PLAIN_NAME.fullmatch(step):
            told += f".{step}" if told else step
        else:
            told += f'["{step}"]'
    return told


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """Return the part of `value` that `path` leads to; a member's name may be a number in it."""
    for step in path:
        value = value[str(step) if isinstance(value, Mapping) else step]
    return value


def shown(value: Any, limit: int = 60) -> str:
    """Return `value` as it may stand in a message: its repr, cut to `limit` characters."""
    if isinstance(value, str) and len(value) > limit:
        return f"{value[: limit // 2]!r}… ({len(value)} characters)"
    text = _outline.repr(value) if isinstance(value, Mapping | list) else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def types(schema: Schema) -> tuple[str, ...]:
    """Return the JSON types that `schema` names, or all its alternatives do; else nothing."""
    named = schema.get("type", ())
    if named:
        return (named,) if isinstance(named, str) else tuple(named)
    branches = [types(each) for each in (*schema.get("oneOf", ()), *schema.get("anyOf", ()))]
    if not all(branches):
        return ()
    return tuple(dict.fromkeys(kind for each in branches for kind in each))


def unwrapped(schema: Schema) -> Schema:
    """Return a schema that is `oneOf` or `anyOf` another one and null as the other, with null.

    Any other schema is returned as it is.
    """
    for keyword in ("oneOf", "anyOf"):
        branches = schema.get(keyword, ())
        rest = [each for each in branches if types(each) != ("null",)]
        if len(rest) == 1 and len(branches) == 2 and types(rest[0]) and "const" not in rest[0]:
            outer = {name: each for name, each in schema.items() if name != keyword}
            own = {**rest[0].get("x-testcard", {}), **schema.get("x-testcard", {})}
            taken = {**rest[0], **outer, "type": [*types(rest[0]), "null"]}
            return {**taken, "x-testcard": own} if own else taken
    return schema


def coerced(text: str, schema: Schema) -> Any:
    """Read `text` as the type that `schema` asks for; `text` itself where it cannot be.

    Forms carry text alone, and some clients send JSON numbers as strings. Only ASCII digits
    count, and no number or truth value is longer than 400 characters.
    """
    if len(text) > _LONGEST_WORD:
        return text
    bare = text.strip(_BLANKS)
    for wanted in types(schema):
        if wanted == "string":
            return text
        if wanted == "integer" and _INTEGER.fullmatch(bare):
            return int(bare.partition(".")[0])
        if wanted == "number" and _NUMBER.fullmatch(bare):
            return float(bare)
        if wanted == "boolean" and bare.lower() in _TRUTH:
            return _TRUTH[bare.lower()]
    return text


def merged(target: Any, patch: Any) -> Any:
    """Return `target` with `patch` applied as RFC 7396 says; neither is changed."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def nodes(schema: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Yield every schema in `schema`, itself first, with the path that leads to it."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, (*path, "properties", name))
    if "items" in schema:
        yield from nodes(schema["items"], (*path, "items"))
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from nodes(schema["additionalProperties"], (*path, "additionalProperties"))
    for keyword in ("oneOf", "anyOf"):
        for index, child in enumerate(schema.get(keyword, ())):
            yield from nodes(child, (*path, keyword, str(index)))
