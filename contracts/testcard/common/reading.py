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

from testcard.common.fields import Body, body_of
from testcard.common.schema import Validator, coerced, merged
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
        body=body_of(node["requestBody"]) if "requestBody" in node else None,
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
