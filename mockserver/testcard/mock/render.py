"""Schema + what is known -> a body that keeps the schema.

A reply schema says by its roles where each known thing stands, so that a dialect needs no
words for what the spec says already.

Knows JSON Schema and roles. Must not know HTTP, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from testcard.common.place import ABSENT
from testcard.common.schema import Schema, Validator, types
from testcard.common.spec import words
from testcard.mock.shaping import shaped, something

_MISFIT = 100
_BRANCHES: Final = ("oneOf", "anyOf")


def render(schema: Schema, known: Mapping[str, Any], sample: Any = ABSENT) -> Any:
    """Return a value for `schema`, with what is `known` in its place.

    Of alternatives, the one is taken that has a place for most of what is known. A member
    is left out where it is optional and nothing is known of it.

    Args:
        schema: of the value.
        known: role -> value; under `each_of` a scope, a list with what is known of each one,
            which comes before what is known of the whole.
        sample: what stands where nothing is known; ABSENT for nothing.
    """
    own = words(schema)
    if "each" in own and (every := known.get(each_of(own["each"]))) is not None:
        return [render(schema.get("items", {}), {**known, **one}) for one in every]
    value = told(schema, known)
    if value is ABSENT and (one := _listed(schema, known)):
        return [render(schema["items"], {**known, one: each}) for each in known[one]]
    if value is ABSENT:
        for keyword in _BRANCHES:
            if keyword in schema:
                return render(_branch(schema[keyword], known, sample), known, sample)
    if "const" in schema:
        return schema["const"]
    if value is not ABSENT:
        return value
    if "properties" in schema:
        return _object(schema, known, sample)
    if sample is ABSENT:
        return something(schema, lambda items: render(items, known))
    if isinstance(sample, list) and "items" in schema:
        return [render(schema["items"], known, each) for each in sample]
    return sample


def each_of(name: str) -> str:
    """Return under which word a list of what is known stands, for `each: name` in a schema."""
    return f"each {name}"


def told(schema: Schema, known: Mapping[str, Any]) -> Any:
    """Return what is known for the role of `schema`, in its type; ABSENT where nothing is."""
    own = words(schema)
    role = own.get("role", "")
    if role not in known:
        return ABSENT
    value = known[role]
    if role == "echo":
        value = value.get(own.get("of", "*"), ABSENT)
    return value if value is ABSENT else shaped(value, schema, known)


def _listed(schema: Schema, known: Mapping[str, Any]) -> str:
    """The role of a list's items of which several are known; empty for none."""
    role: str = words(schema.get("items", {})).get("role", "")
    return role if role and isinstance(known.get(role), list) else ""


def _object(schema: Schema, known: Mapping[str, Any], sample: Any) -> dict[str, Any]:
    shown = sample if isinstance(sample, Mapping) else {}
    required, listed = schema.get("required", ()), schema["properties"]
    found = {
        name: render(child, known, shown.get(name, ABSENT))
        for name, child in listed.items()
        if name in required or name in shown or _says(child, known)
    }
    return {**found, **{name: each for name, each in shown.items() if name not in listed}}


def _branch(branches: list[Schema], known: Mapping[str, Any], sample: Any) -> Schema:
    best = max(branches, key=lambda each: _fit(each, known))
    if sample is ABSENT or _fit(best, known) > 0:
        return best
    return next((each for each in branches if Validator(each).accepts(sample)), best)


def _says(schema: Schema, known: Mapping[str, Any]) -> bool:
    own = words(schema)
    if each_of(own.get("each", "")) in known or _listed(schema, known):
        return True
    if told(schema, known) is not ABSENT:
        return True
    children = schema.get("properties")
    return any(_says(child, known) for child in children.values()) if children else False


def _fit(schema: Schema, known: Mapping[str, Any]) -> int:
    own = words(schema)
    every = known.get(each_of(own.get("each", "")))
    if every is not None:
        return 1 + sum(map(len, every))
    value, fit = told(schema, known), 0
    if value is not ABSENT:
        fits = "const" not in schema or schema["const"] == value
        fit += 1 if fits else -_MISFIT
        several = isinstance(known[own["role"]], list) and len(known[own["role"]]) > 1
        fit += several and "array" in types(schema)
    required = schema.get("required", ())
    for name, child in schema.get("properties", {}).items():
        missing = name in required and _lacks(child, known)
        fit += -1 if missing and "const" not in child else _fit(child, known)
    return fit


def _lacks(schema: Schema, known: Mapping[str, Any]) -> bool:
    own = words(schema)
    unknown = "each" in own and each_of(own["each"]) not in known
    return unknown or own.get("role") not in {None, *known}


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON, in bytes that take no more memory than they are long.

    What orjson returns may hold fourteen times its length, which matters where it is kept.
    """
    return bytes(memoryview(orjson.dumps(value)))
