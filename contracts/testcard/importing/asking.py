"""The fields of a body are given their roles, one field a role.

Knows how a body's members are walked. Must not know files' syntax, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from testcard.common.document import Keys, Node, words
from testcard.common.schema import types
from testcard.importing.roles import (
    GUESS,
    asked_role,
    encodings,
    is_mask,
    is_picture,
    meanings,
)
from testcard.importing.source import Source


@dataclass
class Roles:
    """The roles of one body, or of parameters.

    Attributes:
        source: takes notes.
        at: where the body stands.
        form: whether it is one.
        taken: the roles that a field has already.
    """

    source: Source
    at: Keys
    form: bool
    taken: set[str] = field(default_factory=set)

    def give(self, schema: Node, holder: str = "") -> None:
        """Give each member of an object, however deep, the role that its name speaks for."""
        for name, each in _members(schema):
            inner = each.get("items") if "array" in types(each) else None
            if _members_of(each):
                self.give(each, name)
            elif isinstance(inner, dict) and _members_of(inner):
                self.give(inner, name)
            elif "oneOf" in each or "anyOf" in each:
                self._branches(name, each, holder)
            else:
                self.one(name, inner if isinstance(inner, dict) else each, each, holder)

    def one(self, name: str, schema: Node, whole: Node, holder: str = "") -> None:
        """Give one field its role: `schema` is of one value, `whole` of the member."""
        if is_picture(name, schema, form=self.form, holder=holder):
            self._picture(name, schema, whole)
            return
        role = asked_role(name, schema, holder)
        if role and role not in self.taken:
            self._put(name, role, schema, whole)
            if told := meanings(role, schema):
                schema.setdefault("x-testcard", {})["values"] = told

    def _branches(self, name: str, whole: Node, holder: str) -> None:
        """One picture, or a list of them; other alternatives mean what their name says."""
        branches = [*whole.get("oneOf", ()), *whole.get("anyOf", ())]
        ones = [each.get("items", each) for each in branches]
        if all(is_picture(name, each, form=self.form, holder=holder) for each in ones):
            for index, each in enumerate(ones):
                self._picture(name, each, whole, again=index > 0)

    def _picture(self, name: str, schema: Node, whole: Node, *, again: bool = False) -> None:
        role = "mask-image" if is_mask(name) else "init-image"
        ways = encodings(name, schema, form=self.form)
        for word in ("contentEncoding", "contentMediaType", "examples", "minLength", "maxLength"):
            schema.pop(word, None)
        schema["format"] = "picture"
        schema.setdefault("x-testcard", {})["encodings"] = ways
        schema["x-testcard"].setdefault("keywords", {})["encodings"] = GUESS
        if again:
            schema["x-testcard"]["role"] = role if role in self.taken else "option"
        elif role not in self.taken:
            self._put(name, role, schema, whole)
        self.source.note("guessed", self.at, f"{name} is a picture, sent as {' or '.join(ways)}")

    def _put(self, name: str, role: str, schema: Node, whole: Node) -> None:
        self.taken.add(role)
        own = schema.setdefault("x-testcard", {})
        own["role"] = role
        own.setdefault("keywords", {})["role"] = GUESS
        place = words(whole).get("source") or ""
        cited = f" ({place})" if place else ""
        self.source.note("guessed", self.at, f"{name}{cited} has the role {role}")


def _members(schema: Mapping[str, Any]) -> Iterator[tuple[str, Node]]:
    yield from schema.get("properties", {}).items()
    for word in ("oneOf", "anyOf"):
        for each in schema.get(word, ()):
            yield from _members(each)


def _members_of(schema: Mapping[str, Any]) -> list[str]:
    return [name for name, _ in _members(schema)]


def spellings(schema: Mapping[str, Any], examples: Any) -> Node:
    """Return the encodings of a form: how its lists of objects are spelt, by an example."""
    found: Node = {}
    texts = _names_in(examples)
    for name, each in schema.get("properties", {}).items():
        inner = each.get("items", {}) if "array" in types(each) else {}
        if "properties" in inner or "properties" in each:
            indexed = any(text.startswith(f"{name}[") for text in texts)
            found[name] = {"x-testcard": {"spellings": ["indexed" if indexed else "json"]}}
        elif inner.get("format") == "picture" or _lists(each):
            found[name] = {"x-testcard": {"spellings": ["repeated", "brackets"]}}
    return found


def _lists(schema: Mapping[str, Any]) -> bool:
    return any("items" in each for word in ("oneOf", "anyOf") for each in schema.get(word, ()))


def _names_in(examples: Any) -> list[str]:
    if not isinstance(examples, Mapping):
        return []
    inner = [name for each in examples.values() for name in _names_in(each)]
    return [*map(str, examples), *inner]
