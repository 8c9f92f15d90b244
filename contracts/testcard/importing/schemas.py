"""A schema of any OpenAPI 3 becomes one of the language: references in, words put right.

Knows the dialects of JSON Schema in OpenAPI 3.0 to 3.2. Must not know roles, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from testcard.common.document import Keys, Node
from testcard.common.schema import types
from testcard.importing.source import Source

_KEPT: Final = (
    "title", "enum", "const", "default", "minLength", "maxLength", "minimum", "maximum",
    "minItems", "maxItems", "uniqueItems",
)  # fmt: skip
_FORMATS: Final = {
    "uri": "uri", "url": "uri", "binary": "binary", "int32": "int32", "int64": "int64",
    "float": "float", "double": "float",
}  # fmt: skip
_MEDIA: Final = ("image/png", "image/jpeg", "image/webp")
_PASSED_OVER: Final = ("not", "if", "dependentRequired", "dependentSchemas", "patternProperties")
_DEEPEST: Final = 7
_LONGEST_TEXT: Final = 300


def converted(source: Source, node: Any, at: Keys, passed: tuple[Keys, ...] = ()) -> Node:
    """Return a schema with everything in it that the language has a word for.

    Args:
        source: the file.
        node: the schema, or a reference.
        at: where it stands.
        passed: what holds it, so that a circle is seen.
    """
    own, home = source.follow(node, at)
    if home in passed or len(passed) > _DEEPEST:
        source.note("dropped", at, "a schema that holds itself, or is too deep")
        return {}
    within = (*passed, home)
    if "allOf" in own:
        own = _merged(source, own, home)
    found = _branched(source, own, home, within)
    if found is None:
        found = _plain(source, own, home, within)
    for word in _PASSED_OVER:
        if word in own:
            source.note("dropped", (*home, word), f"`{word}` of a schema is not said")
    found["x-testcard"] = source.cited(home)
    return found


def _merged(source: Source, own: Node, at: Keys) -> Node:
    """One schema that says what all of an allOf say; members refer to where they stand."""
    whole: Node = {key: value for key, value in own.items() if key != "allOf"}
    whole |= {"properties": _placed(whole, at)} if "properties" in whole else {}
    for index, each in enumerate(own["allOf"]):
        part, home = source.follow(each, (*at, "allOf", index))
        if "allOf" in part:
            part = _merged(source, part, home)
        elif "properties" in part:
            part["properties"] = _placed(part, home)
        for key, value in part.items():
            if key == "properties":
                whole[key] = {**whole.get(key, {}), **value}
            elif key == "required":
                whole[key] = list(dict.fromkeys([*whole.get(key, ()), *value]))
            else:
                whole.setdefault(key, value)
    return whole


def _placed(schema: Node, at: Keys) -> Node:
    """The members of a schema, each as a reference to the place where it stands."""
    found: Node = {}
    for name in schema["properties"]:
        steps = (*at, "properties", name)
        texts = (str(each).replace("~", "~0").replace("/", "~1") for each in steps)
        found[name] = {"$ref": f"#/{'/'.join(texts)}"}
    return found


def _branched(source: Source, own: Node, at: Keys, within: tuple[Keys, ...]) -> Node | None:
    """Return what oneOf or anyOf come to; None where there is neither."""
    word = next((each for each in ("oneOf", "anyOf") if own.get(each)), None)
    if word is None or "properties" in own:
        return None
    branches = [
        converted(source, each, (*at, word, index), within) for index, each in enumerate(own[word])
    ]
    rest = [each for each in branches if types(each) != ("null",)]
    empty = len(rest) < len(branches) or own.get("nullable") is True
    scalar = all(types(each) and not {"object", "array"} & set(types(each)) for each in rest)
    if scalar and rest:
        rest = [_widest(rest)]
    if len(rest) == 1:
        found = {key: value for key, value in rest[0].items() if key != "x-testcard"}
        found |= _said(own)
        return _or_null(found) if empty else found
    listed = [{k: v for k, v in each.items() if k != "x-testcard"} for each in rest]
    return {**_said(own), word: listed}


def _widest(branches: list[Node]) -> Node:
    """Of several scalars the one that takes most, with the words of the others as examples."""
    free = [each for each in branches if "enum" not in each and "const" not in each]
    kinds = dict.fromkeys(kind for each in branches for kind in types(each))
    shown = [word for each in branches for word in each.get("enum", ())]
    if not free:
        consts = [each["const"] for each in branches if "const" in each]
        kind = next(iter(kinds)) if len(kinds) == 1 else [*kinds]
        return {"type": kind, "enum": [*shown, *consts]}
    if len(kinds) > 1:
        return {"type": [*kinds]}
    return {**free[0], **({"examples": shown} if shown else {})}


def _plain(source: Source, own: Node, at: Keys, within: tuple[Keys, ...]) -> Node:
    found: Node = {}
    kinds = [each for each in types(own) if each]
    if not kinds:
        kinds = ["object"] if "properties" in own else ["array"] if "items" in own else []
    if kinds:
        found["type"] = kinds[0] if len(kinds) == 1 else kinds
    found |= _said(own) | {word: own[word] for word in _KEPT if own.get(word) is not None}
    found |= _bounds(own) | _texts(source, own, at)
    found = {word: value for word, value in found.items() if value is not None}
    if "properties" in own:
        found["properties"] = {
            name: converted(source, each, (*at, "properties", name), within)
            for name, each in own["properties"].items()
        }
        required = [each for each in own.get("required", ()) if each in found["properties"]]
        if required:
            found["required"] = required
        if own.get("additionalProperties") not in (None, False):
            found["additionalProperties"] = True
    if "array" in kinds:
        found["items"] = converted(source, own.get("items", {}), (*at, "items"), within)
        found["items"].pop("x-testcard", None)
    return _or_null(found) if own.get("nullable") is True else found


def _said(own: Node) -> Node:
    """What describes a schema: a description, examples, a default."""
    found: Node = {}
    text = own.get("description")
    if isinstance(text, str) and text.strip():
        flat = " ".join(text.split())
        found["description"] = flat if len(flat) <= _LONGEST_TEXT else f"{flat[:_LONGEST_TEXT]}…"
    examples = own.get("examples") if isinstance(own.get("examples"), list) else None
    if examples is None and own.get("example") is not None:
        examples = [own["example"]]
    if examples:
        found["examples"] = examples
    if own.get("default") is not None:
        found["default"] = own["default"]
    return found


def _bounds(own: Node) -> Node:
    """Bounds as OpenAPI 3.1 has them: those of 3.0 are excluded by a truth value beside them."""
    found: Node = {}
    for word, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        value = own.get(word)
        if value is True and bound in own:
            found[word] = own[bound]
            found[bound] = None
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[word] = value
    if isinstance(own.get("multipleOf"), int | float) and own["multipleOf"] > 0:
        found["multipleOf"] = own["multipleOf"]
    return found  # what is None there is not said


def _texts(source: Source, own: Node, at: Keys) -> Node:
    """What a text has to look like."""
    found: Node = {}
    told = own.get("format")
    if told == "byte" or own.get("contentEncoding") == "base64":
        found["contentEncoding"] = "base64"
    elif told in _FORMATS:
        found["format"] = _FORMATS[told]
    if own.get("contentMediaType") in _MEDIA:
        found["contentMediaType"] = own["contentMediaType"]
    if "pattern" in own:
        try:
            re.compile(own["pattern"])
            found["pattern"] = own["pattern"]
        except re.error:
            source.note("dropped", (*at, "pattern"), "a pattern that is not read")
    return found


def _or_null(schema: Node) -> Node:
    kinds = types(schema)
    if kinds and "null" not in kinds:
        schema["type"] = [*kinds, "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def members(schema: Mapping[str, Any]) -> dict[str, Node]:
    """Return the members of an object, or of each object that a schema allows."""
    found: dict[str, Node] = dict(schema.get("properties", {}))
    for word in ("oneOf", "anyOf"):
        for each in schema.get(word, ()):
            found = members(each) | found
    return found
