"""Schema + what is known -> a body that keeps the schema.

A reply schema says by its roles where each known thing stands, so that a dialect needs no
words for what the spec says already.

Knows JSON Schema and roles. Must not know HTTP, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from testcard.common.schema import Schema, types
from testcard.common.spec import words

_EMPTY: Mapping[str, Any] = {
    "object": {},
    "array": [],
    "string": "",
    "number": 0,
    "integer": 0,
    "boolean": False,
    "null": None,
}
_MISFIT = 100


def render(schema: Schema, known: Mapping[str, Any]) -> Any:
    """Return a value for `schema`, with what is `known` (role -> value) in its place.

    Of alternatives, the one is taken that has a place for most of what is known. A member
    is left out where it is optional and nothing is known of it.
    """
    role = words(schema).get("role", "")
    if role not in known:
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                return render(max(schema[keyword], key=lambda each: _fit(each, known)), known)
    if "const" in schema:
        return schema["const"]
    if role in known:
        return _scaled(known[role], schema)
    if "each" in words(schema):
        told = known.get(each_of(words(schema)["each"]), ())
        return [render(schema["items"], {**known, **one}) for one in told]
    if "properties" in schema:
        required = schema.get("required", ())
        return {
            name: render(child, known)
            for name, child in schema["properties"].items()
            if name in required or _says(child, known)
        }
    return _anything(schema)


def each_of(name: str) -> str:
    """Return under which word a list of what is known stands, for `each: name` in a schema."""
    return f"each {name}"


def _scaled(value: Any, schema: Schema) -> Any:
    scale = words(schema).get("scale")
    if scale is None:
        return value
    return round(value * scale) if "integer" in types(schema) else value * scale


def _says(schema: Schema, known: Mapping[str, Any]) -> bool:
    own = words(schema)
    if own.get("role") in known or ("each" in own and each_of(own["each"]) in known):
        return True
    children = schema.get("properties")
    return any(_says(child, known) for child in children.values()) if children else False


def _fit(schema: Schema, known: Mapping[str, Any]) -> int:
    role = words(schema).get("role", "")
    fit = 0
    if role in known:
        fits = "const" not in schema or schema["const"] == known[role]
        fit += 1 if fits else -_MISFIT
    required = schema.get("required", ())
    for name, child in schema.get("properties", {}).items():
        missing = name in required and words(child).get("role") not in {None, *known}
        fit += -1 if missing and "const" not in child else _fit(child, known)
    return fit


def _anything(schema: Schema) -> Any:
    if "default" in schema:
        return schema["default"]
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    return _EMPTY[(types(schema) or ("null",))[-1]]


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON, in bytes that take no more memory than they are long.

    What orjson returns may hold fourteen times its length, which matters where it is kept.
    """
    return bytes(memoryview(orjson.dumps(value)))
