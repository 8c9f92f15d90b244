"""Schema + what is known -> a body that keeps the schema.

A reply schema says by its roles where each known thing stands, so that a dialect needs no
words for what the spec says already. It is looked through once, for all answers.

Knows JSON Schema and roles. Must not know HTTP, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import orjson

from testcard.common.place import ABSENT
from testcard.common.schema import Schema, Validator, types
from testcard.common.spec import words
from testcard.mock.shaping import Shaping, something

_MISFIT = 100

Known = Mapping[str, Any]
"""Role -> value; under `each_of` a scope, a list with what is known of each one, which comes
before what is known of the whole."""


def render(schema: Schema, known: Known, sample: Any = ABSENT) -> Any:
    """Return a value for `schema` that is asked for once, as `Template.render` does."""
    return Template(schema).render(known, sample)


def each_of(name: str) -> str:
    """Return under which word a list of what is known stands, for `each: name` in a schema."""
    return f"each {name}"


class Template:
    """A schema of an answer, and where in it what is known has its place."""

    def __init__(self, schema: Schema) -> None:
        """Look through `schema`."""
        own = words(schema)
        self._schema = schema
        self._role: str = own.get("role", "")
        self._echoed: str = own.get("of", "*")
        self._each = each_of(own.get("each", ""))
        self._shaped = Shaping(schema)
        self._const = schema.get("const", ABSENT)
        self._item = Template(schema["items"]) if "items" in schema else None
        branches: Sequence[Schema] = schema.get("oneOf", schema.get("anyOf", ()))
        self._branches = [Template(each) for each in branches]
        self._required: Sequence[str] = schema.get("required", ())
        listed: Mapping[str, Schema] = schema.get("properties", {})
        self._members = {name: Template(child) for name, child in listed.items()}

    def render(self, known: Known, sample: Any = ABSENT) -> Any:
        """Return a value for the schema, with what is `known` in its place.

        Of alternatives, the one is taken that has a place for most of what is known. A member
        is left out where it is optional and nothing is known of it.

        Args:
            known: role -> value.
            sample: what stands where nothing is known; ABSENT for nothing.
        """
        every = known.get(self._each)
        if every is not None:
            return [self._items({**known, **one}) for one in every]
        value = self.told(known)
        if value is ABSENT:
            if role := self._listed(known):
                return [self._items({**known, role: each}) for each in known[role]]
            if self._branches:
                return self._branch(known, sample).render(known, sample)
        if self._const is not ABSENT:
            return self._const
        if value is not ABSENT:
            return value
        if "properties" in self._schema:
            return self._object(known, sample)
        if sample is ABSENT:
            return something(self._schema, lambda items: render(items, known))
        if isinstance(sample, list) and self._item is not None:
            return [self._item.render(known, each) for each in sample]
        return sample

    def told(self, known: Known) -> Any:
        """Return what is known for the schema's role, in its type; ABSENT where nothing is."""
        value = known.get(self._role, ABSENT)
        if self._role == "echo" and value is not ABSENT:
            value = value.get(self._echoed, ABSENT)
        return value if value is ABSENT else self._shaped(value, known)

    def _items(self, known: Known) -> Any:
        return None if self._item is None else self._item.render(known)

    def _listed(self, known: Known) -> str:
        """The role of a list's items of which several are known; empty for none."""
        role = self._item._role if self._item is not None else ""
        return role if role and isinstance(known.get(role), list) else ""

    def _object(self, known: Known, sample: Any) -> dict[str, Any]:
        shown = sample if isinstance(sample, Mapping) else {}
        found = {
            name: child.render(known, shown.get(name, ABSENT))
            for name, child in self._members.items()
            if name in self._required or name in shown or child._says(known)
        }
        found |= {name: each for name, each in shown.items() if name not in self._members}
        return found

    def _branch(self, known: Known, sample: Any) -> Template:
        best = max(self._branches, key=lambda each: each._fit(known))
        if sample is ABSENT or best._fit(known) > 0:
            return best
        return next((each for each in self._branches if each._validator.accepts(sample)), best)

    @cached_property
    def _validator(self) -> Validator:
        return Validator(self._schema)

    def _says(self, known: Known) -> bool:
        if self._each in known or self._listed(known) or self.told(known) is not ABSENT:
            return True
        return any(child._says(known) for child in (*self._members.values(), *self._branches))

    def _fit(self, known: Known) -> int:
        every = known.get(self._each)
        if every is not None:
            return 1 + sum(map(len, every))
        value, fit = self.told(known), 0
        if value is not ABSENT:
            fit += 1 if self._const in (ABSENT, value) else -_MISFIT
            all_ = known[self._role]
            several = isinstance(all_, list) and len(all_) > 1
            fit += several and "array" in types(self._schema)
        for name, child in self._members.items():
            missing = name in self._required and child._lacks(known)
            fit += -1 if missing and child._const is ABSENT else child._fit(known)
        return fit

    def _lacks(self, known: Known) -> bool:
        unknown = "each" in words(self._schema) and self._each not in known
        return unknown or bool(self._role and self._role not in known)


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON, in bytes that take no more memory than they are long.

    What orjson returns may hold fourteen times its length, which matters where it is kept.
    """
    return bytes(memoryview(orjson.dumps(value)))
