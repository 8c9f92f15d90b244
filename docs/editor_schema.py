"""The vocabulary as editors understand it, a JSON Schema of draft 7: openapi/testcard.schema.json.

Most editors know draft 7 alone, in which nothing beside a reference counts and a list of known
words is not put together of several. Knows JSON Schema. Must not know pages, or any one provider.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from docs.vocabulary import SIDES, Schema, followed

_HEAD: Final = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$comment": "the words of testcard's specs, made of its vocabulary.yaml by `make docs`",
}
_RENAMED: Final = {"$defs": "definitions", "dependentRequired": "dependencies"}
_NAMED: Final = ("properties", "patternProperties", "$defs")
_PLAIN: Final = ("examples", "enum", "const", "required", "default")


def draft_7(root: Schema) -> str:
    """Return the schema, as the text of a JSON file."""
    said = _changed({key: each for key, each in root.items() if key != "$schema"}, root)
    return json.dumps(_HEAD | said, indent=1, ensure_ascii=False) + "\n"


def _changed(node: Any, root: Schema) -> Any:
    if isinstance(node, list):
        return [_changed(each, root) for each in node]
    if not isinstance(node, Mapping):
        return node
    node = _put_together(_beside(node, root), root)
    changed: dict[str, Any] = {}
    for key, each in node.items():
        if key.startswith("x-"):
            continue
        name = _RENAMED.get(key, key)
        if key == "$ref":
            changed[name] = each.replace("#/$defs/", "#/definitions/")
        elif key == "anyOf":
            changed[name] = [_changed(_unsaid(one), root) for one in each]
        elif key in _PLAIN:
            changed[name] = each
        elif key in _NAMED:
            changed[name] = {inner: _changed(one, root) for inner, one in each.items()}
        else:
            changed[name] = _changed(each, root)
    if "x-side" in node:
        sides = " and ".join(f"{each}s" for each in SIDES[node["x-side"]])
        changed["description"] = f"of {sides}: {node['description']}"
    return changed


def _put_together(node: Schema, root: Schema) -> Schema:
    """Return an object with the words of what it is built on among its own."""
    if "unevaluatedProperties" not in node:
        return node
    built = [followed(each, root) for each in node["allOf"]]
    whole = {
        key: each for key, each in node.items() if key not in ("allOf", "unevaluatedProperties")
    }
    whole["properties"] = dict(node["properties"])
    for each in built:
        whole["properties"] |= each["properties"]
        whole["dependentRequired"] = each["dependentRequired"]
    return whole | {"additionalProperties": node["unevaluatedProperties"]}


def _beside(node: Schema, root: Schema) -> Schema:
    """Return a node in which nothing stands beside a reference.

    What is no object is put in the reference's place, so that editors show what stands beside it.
    """
    if "$ref" not in node or len(node) == 1:
        return node
    if "properties" not in (whole := followed(node, root)):
        return whole
    rest = {key: each for key, each in node.items() if key != "$ref"}
    return {**rest, "allOf": [{"$ref": node["$ref"]}]}


def _unsaid(branch: Schema) -> Schema:
    """Return one of several ways without what would hide the description of the whole."""
    if "const" in branch:
        return branch
    return {key: each for key, each in branch.items() if key not in ("description", "examples")}
