"""A Spec seen through a profile and settings: Spec -> Reading -> Operations.

The documented profile is the page to the letter; the lenient one takes what real clients send.
Knows OpenAPI and `x-testcard`. Must not know the mock, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, cast

from testcard.common.schema import Schema, Validator, coerced, merged, types
from testcard.common.spec import (
    Evidence,
    Node,
    Spec,
    SpecError,
    evidence,
    path_text,
    resolved,
    unknown_word,
    words,
)

Profile = Literal["lenient", "documented"]

_METHODS = ("get", "post", "put", "patch", "delete")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


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


@dataclass(frozen=True)
class Operation:
    """One documented call, in one reading."""

    id: str
    method: str
    path: str
    does: str
    node: Node
    pattern: re.Pattern[str]
    aliases: tuple[str, ...]
    alias_patterns: tuple[re.Pattern[str], ...]
    body: Body | None
    key_headers: tuple[str, ...]
    key_aliases: tuple[str, ...]
    key_optional: bool
    key_evidence: Evidence

    @property
    def evidence(self) -> Evidence:
        """Where the route itself stands."""
        return evidence(self.node)

    @cached_property
    def responses(self) -> Mapping[int, Node]:
        """Status -> OpenAPI response object, references resolved."""
        return {int(status): node for status, node in self.node["responses"].items()}


@dataclass(frozen=True)
class Reading:
    """A Spec through a profile and settings."""

    spec: Spec
    profile: Profile
    settings: Mapping[str, Any]
    document: Node
    operations: tuple[Operation, ...]
    key_headers: frozenset[str]

    @cached_property
    def problems(self) -> Mapping[str, int]:
        """Kind of trouble -> HTTP status of its answer."""
        return cast("Mapping[str, int]", self.document["x-testcard"]["problems"])

    @cached_property
    def price(self) -> Decimal:
        """Credits for one successful call."""
        return Decimal(str(self.settings["price"]))

    def operation(self, id_: str) -> Operation:
        """Return the operation with this operationId; KeyError where there is none."""
        for operation in self.operations:
            if operation.id == id_:
                return operation
        raise KeyError(id_)

    def match(self, method: str, path: str) -> tuple[Operation | None, dict[str, str], bool]:
        """Find what `method` at `path` (without any prefix) is for.

        Returns:
            The operation or None, the path's parameters, and whether the path is known at all.
        """
        path_known = False
        for operation in self.operations:
            patterns = (operation.pattern, *operation.alias_patterns)
            for pattern in patterns if self.profile == "lenient" else patterns[:1]:
                found = pattern.fullmatch(path)
                if found and operation.method == method:
                    return operation, found.groupdict(), True
                path_known = path_known or found is not None
        return None, {}, path_known


def read(
    spec: Spec, profile: Profile = "documented", settings: Mapping[str, Any] | None = None
) -> Reading:
    """Compile `spec` for one profile.

    Raises:
        SpecError: a setting is unknown, or its value is not one that it takes.
    """
    chosen = _chosen(spec, settings or {})
    written = words(spec.source).get("settings", {})  # as written: patches may hold references
    patches = [
        written.get(name, {}).get("when", {}).get(str(value).lower())
        for name, value in chosen.items()
    ]
    document = _patched(spec, [patch for patch in patches if patch])
    if profile == "lenient":
        document = lenient(document)
    breach = unknown_word(document)
    if breach is not None:
        at = f"{profile} profile, patched with its settings, at {path_text(breach.path)}"
        raise SpecError(f"{spec.path}: {at}: {breach.message}")
    operations = tuple(_operations(document))
    headers = {
        name.lower() for each in operations for name in (*each.key_headers, *each.key_aliases)
    }
    return Reading(spec, profile, chosen, document, operations, frozenset(headers))


def _patched(spec: Spec, patches: Sequence[Node]) -> Node:
    if not patches:
        return spec.document
    source = spec.source
    for patch in patches:
        source = merged(source, patch)
    return cast("Node", resolved(source, source))


def _chosen(spec: Spec, settings: Mapping[str, Any]) -> dict[str, Any]:
    for name in settings.keys() - spec.settings.keys():
        known = ", ".join(spec.settings) or "none"
        raise SpecError(f"{spec.id} has no setting {name!r}; it has: {known}")
    chosen = {}
    for name, schema in spec.settings.items():
        value = settings.get(name, schema["default"])
        taken = coerced(value, schema) if isinstance(value, str) else value
        breaches = Validator(schema).breaches(taken)
        if breaches:
            raise SpecError(f"{spec.id}, setting {name}: {breaches[0].message}")
        chosen[name] = taken
    return chosen


def lenient(node: Any) -> Any:
    """Return `node` with every `x-testcard.lenient` patch in it applied."""
    if isinstance(node, list):
        return [lenient(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    own = node.get("x-testcard")
    if isinstance(own, Mapping) and "lenient" in own:
        patch = own["lenient"]
        rest = {key: value for key, value in own.items() if key != "lenient"}
        node = merged({**node, "x-testcard": rest}, patch)
    return {key: lenient(value) for key, value in node.items()}


def _operations(document: Node) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(document, path, method.upper(), item[method])


def _operation(document: Node, path: str, method: str, node: Node) -> Operation:
    security: list[Node] = node.get("security") or document.get("security") or []
    schemes = document.get("components", {}).get("securitySchemes", {})
    used = [schemes[name] for alternative in security for name in alternative]
    aliases = tuple(words(node).get("aliases", ()))
    return Operation(
        id=node["operationId"],
        method=method,
        path=path,
        does=words(node)["does"],
        node=node,
        pattern=_pattern(path),
        aliases=aliases,
        alias_patterns=tuple(_pattern(alias) for alias in aliases),
        body=_body(node["requestBody"]) if "requestBody" in node else None,
        key_headers=tuple(scheme["name"] for scheme in used),
        key_aliases=tuple(alias for scheme in used for alias in words(scheme).get("aliases", ())),
        key_optional={} in security or not security,
        key_evidence=evidence(used[0] if used else node),
    )


def _pattern(path: str) -> re.Pattern[str]:
    pieces = _PLACEHOLDER.split(path)
    literal, names = pieces[::2], pieces[1::2]
    holes = [f"(?P<{name}>[^/]+)" for name in names] + [""]
    return re.compile("".join(re.escape(a) + b for a, b in zip(literal, holes, strict=True)))


def _body(node: Node) -> Body:
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
