"""What a call's body is made of, in one reading: its fields, and what they mean.

Knows JSON Schema and `x-testcard`. Must not know how a body is sent, the mock, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from testcard.common.schema import Schema, Validator, coerced, types
from testcard.common.spec import Evidence, Node, evidence, words


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a request body, in one reading.

    Attributes:
        name: as the page has it.
        schema: JSON Schema, with `x-testcard`.
        required: whether a body without it is refused.
        role: what it means, in the vocabulary's words; empty where it has no role.
        aliases: further names that the lenient profile takes.
        encodings: how a picture in it may be sent; empty where it is no picture.
        is_text: whether a text in it stays what it is: no other type is looked for first.
    """

    name: str
    schema: Schema
    required: bool
    role: str
    aliases: tuple[str, ...]
    encodings: tuple[str, ...]
    is_text: bool

    @property
    def default(self) -> Any:
        """What stands for it where it is not sent, text read as its type; None for nothing."""
        value = self.schema.get("default")
        return coerced(value, self.schema) if isinstance(value, str) else value

    @property
    def random_at_most(self) -> int | None:
        """The highest seed in it that asks for a random one; None where none does."""
        most = words(self.schema).get("random-at-most")
        return most if isinstance(most, int) else None

    def evidence(self, keyword: str | None = None) -> Evidence:
        """Return the evidence of one keyword, or of the field as a whole."""
        return evidence(self.schema, keyword)


@dataclass(frozen=True)
class Body:
    """The request body of an operation, in one reading.

    Attributes:
        media_type: the one it is sent in.
        schema: JSON Schema of the whole of it.
        fields: its members by name.
        pictures: those of them that carry pictures.
        validator: of the whole.
        advice: of what the page advises; a breach is never refused.
        untyped: whether it may come without a Content-Type.
        evidence: where the body as a whole stands.
        aliases: further names, which the lenient profile takes -> names.
    """

    media_type: str
    schema: Schema
    fields: Mapping[str, Field]
    pictures: tuple[Field, ...]
    validator: Validator
    advice: Validator
    untyped: bool
    evidence: Evidence
    aliases: Mapping[str, str]

    @cached_property
    def telling(self) -> tuple[Field, ...]:
        """The fields that have a role."""
        return tuple(each for each in self.fields.values() if each.role)

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """Role -> the default of the field that has it; fields of role `option` are left out."""
        return {each.role: each.default for each in self._defaulting if each.role != "option"}

    @cached_property
    def default_options(self) -> Mapping[str, Any]:
        """Name -> default, of the fields of role `option`."""
        return {each.name: each.default for each in self._defaulting if each.role == "option"}

    @cached_property
    def draws_up_to(self) -> int | None:
        """Seeds up to this one ask for a random one; None where none does."""
        return next((each.random_at_most for each in self.telling if each.role == "seed"), None)

    @property
    def _defaulting(self) -> Iterator[Field]:
        return (each for each in self.telling if each.default is not None)


def body_of(node: Node) -> Body:
    """Return the body that an OpenAPI request body describes."""
    media_type, content = next(iter(node["content"].items()))
    schema = content["schema"]
    required = schema.get("required", ())
    fields = {
        name: _field(name, child, required=name in required)
        for name, child in schema.get("properties", {}).items()
    }
    advice = {
        name: words(each.schema)["advice"]
        for name, each in fields.items()
        if "advice" in words(each.schema)
    }
    return Body(
        media_type=media_type,
        schema=schema,
        fields=fields,
        pictures=tuple(each for each in fields.values() if each.encodings),
        validator=Validator(schema),
        advice=Validator({"properties": advice}),
        untyped=words(node).get("missing-content-type") == "accepted",
        evidence=evidence(node),
        aliases={alias: name for name, each in fields.items() for alias in each.aliases},
    )


def _field(name: str, schema: Schema, *, required: bool) -> Field:
    own, is_text = words(schema), types(schema)[:1] in ((), ("string",))
    aliases, encodings = tuple(own.get("aliases", ())), tuple(own.get("encodings", ()))
    return Field(name, schema, required, own.get("role", ""), aliases, encodings, is_text)
