"""What a call takes, in one reading: its fields, in a body or beside it, and what they mean.

Knows JSON Schema, OpenAPI's request bodies and `x-testcard`. Must not know calls, the mock, or any
one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from testcard.common.document import Evidence, Node, evidence, words
from testcard.common.members import body_holder
from testcard.common.parameters import Parameters, parameters_of
from testcard.common.place import Field, Holder
from testcard.common.schema import EACH, Schema, Validator
from testcard.common.spelling import Spelling

JSON: Final = "application/json"
MULTIPART: Final = "multipart/form-data"
URLENCODED: Final = "application/x-www-form-urlencoded"
FORMS: Final = frozenset({MULTIPART, URLENCODED})
RAW: Final = frozenset({"image/png", "image/jpeg", "image/webp", "application/octet-stream"})
"""Bodies that are one picture, byte for byte."""
RAW_FIELD: Final = "body"
"""How the picture is named that is the whole body."""

NUMBERS: Final = frozenset(
    (
        "width", "height", "samples", "steps", "guidance", "seed", "strength", "image-strength",
        "megapixels", "output-quality",
    )
)  # fmt: skip
"""Roles of fields in which numbers stand."""

_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]{1,18}(\.[0-9]{1,18})?\s*")


@dataclass(frozen=True)
class Body:
    """What an operation takes, with one media type of its body, in one reading.

    Attributes:
        media_type: of the body; empty where there is none.
        schema: JSON Schema of the whole of it.
        root: what the body holds.
        parameters: of path, query, headers and cookies; None for none.
        fields: all of them by name: those of the parameters, then the body's own.
        pictures: those of them that carry pictures.
        validator: of the body.
        advice: of what the page advises; a breach is never refused.
        untyped: whether it may come without a Content-Type.
        evidence: where the body as a whole stands.
        spellings: how a form spells lists and objects, by the page.
    """

    media_type: str
    schema: Schema
    root: Holder
    parameters: Parameters | None
    fields: Mapping[str, Field]
    pictures: tuple[Field, ...]
    validator: Validator
    advice: Validator
    untyped: bool
    evidence: Evidence
    spellings: tuple[Spelling, ...]

    @cached_property
    def form(self) -> bool:
        """Whether the body is a form, or one picture: each value in it is text or a file."""
        return self.media_type in FORMS or self.raw

    @property
    def raw(self) -> bool:
        """Whether the body is one picture, byte for byte."""
        return self.media_type in RAW

    @cached_property
    def flat(self) -> bool:
        """Whether each field of the body is a member of it, and in a form one part."""
        one = (each.depth == 0 and not each.either for each in self.root.leaves())
        return not any(self.root.holders()) and (all(one) or not self.form)

    @property
    def aliases(self) -> Mapping[str, str]:
        """Further names of the body's members, which the lenient profile takes -> names."""
        return self.root.aliases

    @cached_property
    def telling(self) -> tuple[Field, ...]:
        """The fields that have a role."""
        return tuple(each for each in self.fields.values() if each.role)

    @cached_property
    def by_role(self) -> Mapping[str, Field]:
        """Role -> the field that has it, the first of several."""
        return {each.role: each for each in reversed(self.telling)}

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """Role -> the default of the field that has it; fields of role `option` are left out."""
        return {each.role: each.default for each in self._defaulting if each.role != "option"}

    @cached_property
    def default_numbers(self) -> Mapping[str, float]:
        """Role -> the number that is the default of the field that has it."""
        return numbers_in(self.defaults)

    @cached_property
    def default_options(self) -> Mapping[str, Any]:
        """Name -> default, of the fields of role `option`."""
        return {each.name: each.default for each in self._defaulting if each.role == "option"}

    @cached_property
    def value_maps(self) -> Mapping[str, Mapping[str, Any]]:
        """Role -> word -> what it stands for, of fields whose words stand for something else."""
        told = ((each.role, words(each.schema).get("values")) for each in self.telling)
        return {role: meanings for role, meanings in told if meanings}

    @cached_property
    def draws_up_to(self) -> int | None:
        """Seeds up to this one ask for a random one; None where none does."""
        return next((each.random_at_most for each in self.telling if each.role == "seed"), None)

    @property
    def _defaulting(self) -> Iterator[Field]:
        return (each for each in self.telling if each.default is not None)

    def holder(self, name: str) -> Holder | None:
        """Return what holds fields under this name; None where nothing does."""
        return next((each for each in self.root.holders() if each.name == name), None)

    def at(self, path: Iterable[str | int]) -> Field | Holder | None:
        """Return the innermost field or holder on the way that `path` takes into the body.

        None where its first step leads to none.
        """
        here: Field | Holder = self.root
        for step in path:
            if isinstance(step, int):
                continue
            if isinstance(here, Field) or step not in here.members:
                break
            here = here.members[step]
        return None if here is self.root else here


def numbers_in(by_role: Mapping[str, Any]) -> dict[str, float]:
    """Return role -> number, of those roles of `NUMBERS` in which a number stands, as text too."""
    found = {}
    for role in NUMBERS & by_role.keys():
        value = by_role[role]
        if type(value) is int or type(value) is float:
            found[role] = value
        elif isinstance(value, str) and _NUMBER.fullmatch(value):
            found[role] = float(value)
    return found


def bodies_of(body: Node | None, parameters: Iterable[Node]) -> tuple[Body, ...]:
    """Return what an operation takes, once for each media type of its body; at least one."""
    beside = parameters_of(parameters)
    listed = body["content"].items() if body else (("", {"schema": {}}),)
    return tuple(_body(body or {}, media_type, content, beside) for media_type, content in listed)


def _body(node: Node, media_type: str, content: Node, parameters: Parameters | None) -> Body:
    schema = _around(content["schema"], node) if media_type in RAW else content["schema"]
    root = body_holder(schema)
    own = {each.name: each for each in root.leaves()}
    fields = {**(parameters.fields if parameters else {}), **own}
    return Body(
        media_type=media_type,
        schema=schema,
        root=root,
        parameters=parameters,
        fields=fields,
        pictures=tuple(each for each in fields.values() if each.encodings),
        validator=Validator(schema),
        advice=Validator(_advice(root)),
        untyped=words(node).get("missing-content-type") == "accepted",
        evidence=evidence(node),
        spellings=_spellings(content.get("encoding", {})),
    )


def _around(picture: Schema, node: Node) -> Schema:
    """Return the schema of an object that holds what is the whole body."""
    own = {name: each for name, each in words(node).items() if name in ("grade", "source")}
    needed = [RAW_FIELD] if node.get("required") else []
    members = {RAW_FIELD: picture}
    return {"type": "object", "properties": members, "required": needed, "x-testcard": own}


def _advice(holder: Holder) -> Schema:
    """Return a schema of an object that has what is advised of its members, and nothing else."""
    advised = {}
    for name, each in holder.members.items():
        inner = _advice(each) if isinstance(each, Holder) else words(each.schema).get("advice")
        if inner and each.place.path[-1] == EACH:
            inner = {"items": inner}
        if inner:
            advised[name] = inner
    return {"properties": advised} if advised else {}


def _spellings(encoding: Mapping[str, Node]) -> tuple[Spelling, ...]:
    """Return how a form spells lists and objects, by OpenAPI's encoding objects and our words."""
    found: list[Spelling] = []
    for each in encoding.values():
        if each.get("contentType", "") == JSON:
            found.append("json")
        if each.get("style") == "deepObject":
            found.append("indexed")
        found += words(each).get("spellings", ())
    return tuple(dict.fromkeys(found)) or ("repeated", "json")
