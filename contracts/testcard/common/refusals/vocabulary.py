"""Words that are not on the list (vocabulary.yaml): what was written, and the word nearest to it.

Knows JSON Schema's errors. Must not know what the words mean, files, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jsonschema_rs
import yaml

from testcard.common.document import Keys, Node, SpecRefusal
from testcard.common.schema import at, shown

_STRANGERS: Final = ("additionalProperties", "unevaluatedProperties")
_SEEN: Final = "\x00"  # stands in a message for the value; no YAML text can hold it
_MOST_LISTED: Final = 14
_IMPORT: Final = "a file of the language: `testcard import FILE -o my.yaml` makes one of this"


@cache
def _words() -> Node:
    text = (files("testcard.common") / "vocabulary.yaml").read_text(encoding="utf-8")
    words: Node = yaml.load(text, Loader=yaml.CSafeLoader)
    return words


@cache
def _compiled() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_words(), validate_formats=True, mask=_SEEN)


def unknown(document: Any) -> Iterator[SpecRefusal]:
    """Yield each place where `document` leaves the vocabulary."""
    nameless = list(_keys_that_are_no_texts(document))
    yield from nameless
    if nameless:
        return
    for error in _compiled().iter_errors(document):
        yield from _told(error, document)


def _keys_that_are_no_texts(node: Any, at: Keys = ()) -> Iterator[SpecRefusal]:
    if isinstance(node, Mapping):
        for key in node:
            if not isinstance(key, str):
                yield SpecRefusal(
                    (*at, str(key)), f"the name {key!r} is no text", f'"{key}", in quotes'
                )
    if isinstance(node, Mapping | list):
        for key, value in node.items() if isinstance(node, Mapping) else enumerate(node):
            yield from _keys_that_are_no_texts(value, (*at, key))


def _told(error: jsonschema_rs.ValidationError, document: Any) -> Iterator[SpecRefusal]:
    place = _place(error.instance_path, document)
    keyword, facts = error.kind.name, error.kind.as_dict()
    if keyword in _STRANGERS:
        allowed = _allowed(error.schema_path)
        for name in facts["unexpected"]:
            if name not in allowed:
                yield _stranger((*place, name), name, allowed)
    elif keyword == "required":
        yield _missing(place, str(facts["property"]), document)
    elif keyword == "enum":
        yield _no_option(place, at(document, place), facts["options"])
    elif keyword in ("anyOf", "oneOf") and any(facts.get("context") or ()):
        yield _no_branch(place, at(document, place), facts["context"], error)
    else:
        seen = error.message.replace(_SEEN, shown(at(document, place)))
        if keyword == "pattern":
            seen = f"{shown(at(document, place))} cannot stand here"
        yield SpecRefusal(place, seen, _wanted(error))


def _place(path: Sequence[str | int], document: Any) -> Keys:
    """The path with names of members as they are written: a number in it may be one."""
    place: Keys = ()
    for step in path:
        step = str(step) if isinstance(document, Mapping) else step
        place, document = (*place, step), document[step]
    return place


def _stranger(place: Keys, name: str, allowed: Sequence[str]) -> SpecRefusal:
    near = _nearest(name, allowed)
    listed = ", ".join(sorted(allowed)[:_MOST_LISTED]) if len(allowed) <= _MOST_LISTED else ""
    instead = near or (f"one of {listed}" if listed else "")
    return SpecRefusal(place, f"{name!r} is no word that testcard reads here", instead)


def _missing(place: Keys, name: str, document: Any) -> SpecRefusal:
    plain = not place and name == "x-testcard" and "openapi" in document
    return SpecRefusal(place, f"{name!r} is missing here", _IMPORT if plain else "")


def _no_option(place: Keys, value: Any, options: Sequence[Any]) -> SpecRefusal:
    texts = [str(each) for each in options]
    near = _nearest(str(value), texts)
    seen = f"{shown(value)} is none of the words that may stand here"
    return SpecRefusal(place, seen, near or f"one of {', '.join(texts)}")


def _no_branch(
    place: Keys, value: Any, context: Iterable[Any], error: jsonschema_rs.ValidationError
) -> SpecRefusal:
    """Several ways are open and none is taken: told by that whose value has the right type."""
    branches = list(context)
    words = [each.kind.as_dict().get("expected_value") for branch in branches for each in branch]
    if words and all(words):
        return _no_option(place, value, words)
    for branch in branches:
        for each in branch:
            if each.kind.name == "enum":
                return _no_option(place, value, each.kind.as_dict()["options"])
    told = (each.message for branch in branches for each in branch if each.kind.name != "type")
    return SpecRefusal(place, next(told, error.message).replace(_SEEN, shown(value)))


def _wanted(error: jsonschema_rs.ValidationError) -> str:
    """What the vocabulary asks for instead: a pattern, a type, a constant."""
    facts = error.kind.as_dict()
    if error.kind.name == "pattern":
        return f"a text that matches {facts['pattern']}"
    if error.kind.name == "const":
        return str(facts.get("expected_value", ""))
    return ""


def _nearest(name: str, known: Iterable[str]) -> str:
    return next(iter(get_close_matches(name, list(known), 1, 0.6)), "")


def _allowed(schema_path: Sequence[str | int]) -> tuple[str, ...]:
    """The names that the schema beside a broken keyword has a place for."""
    node: Any = _words()
    for step in schema_path[:-1]:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return tuple(_names(node))


def roles(*sides: str) -> frozenset[str]:
    """Return the roles that stand on one of these sides: `call`, `answer`, `callback`, `both`."""
    role = _words()["$defs"]["schema"]["properties"]["x-testcard"]["properties"]["role"]
    return frozenset(each["const"] for each in role["anyOf"] if each["x-side"] in sides)


def _names(schema: Node) -> Iterator[str]:
    yield from schema.get("properties", ())
    for each in schema.get("allOf", ()):
        yield from _names(_words()["$defs"][each["$ref"].rpartition("/")[2]])
