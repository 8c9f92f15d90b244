"""Schemas that take one value or a list of such, as generators of clients understand them.

Of `type: [string, array]` most of them make a type that holds anything; of `oneOf` with a text and
a list, a type that is the one or the other.

Knows JSON Schema and where OpenAPI has schemas. Must not know a provider, or a web framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_OF_LISTS: Final = frozenset({"items", "minItems", "maxItems", "uniqueItems"})
_OF_BOTH: Final = frozenset({"title", "description", "default", "examples", "deprecated"})
_DATA: Final = frozenset({"example", "examples", "value", "default", "const", "enum", "x-testcard"})
_NAMED: Final = frozenset({"properties", "schemas", "patternProperties"})


def with_alternatives(node: Any) -> Any:
    """Return a document with `oneOf` in place of each `type` that has `array` beside another."""
    if isinstance(node, list):
        return [with_alternatives(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    found = {
        name: each
        if name in _DATA
        else {key: with_alternatives(value) for key, value in each.items()}
        if name in _NAMED and isinstance(each, Mapping)
        else with_alternatives(each)
        for name, each in node.items()
    }
    kinds = found.get("type")
    several = isinstance(kinds, list) and "array" in kinds and {*kinds} - {"array", "null"}
    return _alternatives(found) if several and "oneOf" not in found else found


def _alternatives(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of several types as one of a single value or a list."""
    own = {name for name in schema if name in _OF_BOTH or name.startswith("x-")}
    others = [kind for kind in schema["type"] if kind != "array"]
    single = {name: each for name, each in schema.items() if name not in own | _OF_LISTS}
    single["type"] = others[0] if len(others) == 1 else others
    listed = {"type": "array", **{name: schema[name] for name in schema if name in _OF_LISTS}}
    return {**{name: schema[name] for name in schema if name in own}, "oneOf": [single, listed]}
