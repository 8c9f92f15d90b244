"""The fields of a body and of OpenAPI's parameters, found in their schemas.

A member that is an object with members of its own, or a list of such, holds others; any other
member is a field, and so is one that has a role.

Knows JSON Schema and OpenAPI's parameters. Must not know calls, who answers, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from testcard.common.document import Node, words
from testcard.common.place import Field, Holder, Location, Place
from testcard.common.schema import EACH, Schema, named, types, unwrapped

_DEEPEST: Final = 8


def body_holder(schema: Schema) -> Holder:
    """Return what a body of this schema holds."""
    return _holder(schema, schema, (), required=True, needed=True)


def parameter_field(node: Node) -> Field:
    """Return one of OpenAPI's parameters as a field; its evidence is that of the parameter."""
    location: Location = node["in"]
    schema = {**unwrapped(node["schema"])}
    schema["x-testcard"] = {**words(node), **words(schema)}
    if "example" in node:
        schema.setdefault("examples", [node["example"]])
    listed = "array" in types(schema) and "items" in schema
    path = (node["name"], EACH) if listed else (node["name"],)
    one = _with_words(schema["items"], schema) if listed else schema
    required = bool(node.get("required")) or location == "path"
    return _field(one, Place(location, path), schema, required=required, needed=True)


def _holder(
    schema: Schema, whole: Schema, path: tuple[str, ...], *, required: bool, needed: bool
) -> Holder:
    properties, listed = _properties(schema)
    members = {
        name: _member(child, (*path, name), required=required, needed=name in listed)
        for name, child in properties.items()
    }
    aliases = {
        alias: name for name in members for alias in words(properties[name]).get("aliases", ())
    }
    name, place = named(path).removesuffix(EACH), Place("body", path)
    opened = bool(schema.get("additionalProperties", False))
    return Holder(name, place, schema, whole, required, needed, members, aliases, opened)


def _properties(schema: Schema) -> tuple[Mapping[str, Schema], frozenset[str]]:
    """Return an object's members and which of them it needs, of all alternatives together."""
    found = dict(schema.get("properties", {}))
    needed = frozenset(schema.get("required", ()))
    for keyword in ("oneOf", "anyOf"):
        if branches := schema.get(keyword):
            parts = [_properties(each) for each in branches]
            for properties, _ in parts:
                found = {**properties, **found}
            needed |= frozenset.intersection(*(listed for _, listed in parts))
    return found, needed


def _member(
    schema: Schema, path: tuple[str, ...], *, required: bool, needed: bool
) -> Field | Holder:
    required, schema = required and needed, unwrapped(schema)
    items = schema.get("items")
    one, either = _one_of(schema)
    if _is_leaf(schema):
        return _field(schema, Place("body", path), required=required, needed=needed)
    if len(path) > _DEEPEST:
        return _field(schema, Place("body", path), required=required, needed=needed)
    if isinstance(items, Mapping) and "properties" in items and not words(items).get("role"):
        return _holder(items, schema, (*path, EACH), required=required, needed=needed)
    if isinstance(items, Mapping) or either:
        inner = items if isinstance(items, Mapping) else one
        place = Place("body", path if either else (*path, EACH))
        return _field(
            _with_words(inner, schema), place, schema, required=required, needed=needed,
            either=either,
        )  # fmt: skip
    return _holder(schema, schema, path, required=required, needed=needed)


def _is_leaf(schema: Schema) -> bool:
    own = words(schema)
    listed = "items" in schema or _one_of(schema)[1]
    if own.get("whole") or (own.get("role") and not listed):
        return True
    return not listed and not _properties(schema)[0]


def _one_of(schema: Schema) -> tuple[Schema, bool]:
    """Return the schema of one value, and whether that or a list of such may stand here."""
    for keyword in ("oneOf", "anyOf"):
        branches = schema.get(keyword, ())
        lists = [each for each in branches if "array" in types(each)]
        others = [each for each in branches if "array" not in types(each)]
        if len(branches) == 2 and lists and others and "properties" not in others[0]:
            return others[0], True
    return schema, False


def _with_words(inner: Schema, whole: Schema) -> Schema:
    """Return items' schema with what is said of the list as a whole, where it says nothing."""
    said = {name: value for name, value in words(whole).items() if name != "lenient"}
    return {**inner, "x-testcard": {**said, **words(inner)}}


def _field(
    schema: Schema,
    place: Place,
    whole: Schema | None = None,
    *,
    required: bool,
    needed: bool,
    either: bool = False,
) -> Field:
    own, is_text = words(schema), types(schema)[:1] in ((), ("string",))
    aliases, encodings = tuple(own.get("aliases", ())), tuple(own.get("encodings", ()))
    name = place.named().removesuffix(EACH)
    role = own.get("role", "")
    return Field(
        name, place, schema, schema if whole is None else whole, required, needed, either, role,
        aliases, encodings, is_text,
    )  # fmt: skip
