"""One documented call: its method and path, its key, what it takes and how it is answered.

Knows OpenAPI and `x-testcard`. Must not know profiles, the mock, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from testcard.common.fields import Body, bodies_of
from testcard.common.spec import Evidence, Node, calls_in, evidence, words

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


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
    param_names: tuple[str, ...]
    bodies: tuple[Body, ...]
    key_headers: tuple[str, ...]
    key_aliases: tuple[str, ...]
    key_optional: bool
    key_evidence: Evidence

    @property
    def evidence(self) -> Evidence:
        """Where the route itself stands."""
        return evidence(self.node)

    @property
    def takes(self) -> Body:
        """What a call may say: in parameters, and in a body of the media type listed first."""
        return self.bodies[0]

    @cached_property
    def body(self) -> Body | None:
        """The same, where there is a body; None where there is none."""
        return self.takes if self.takes.media_type else None

    def body_for(self, media_type: str | None) -> Body:
        """Return what a call of this media type may say; of one that is not listed, the first's."""
        return next((each for each in self.bodies if each.media_type == media_type), self.takes)

    @cached_property
    def responses(self) -> Mapping[int, Node]:
        """Status -> OpenAPI response object, references resolved."""
        return {int(status): node for status, node in self.node["responses"].items()}


def operations_in(document: Node) -> Iterator[Operation]:
    """Yield the operations of an OpenAPI document, in its order."""
    for path, method, node in calls_in(document):
        beside = (*document["paths"][path].get("parameters", ()), *node.get("parameters", ()))
        yield _operation(document, path, method.upper(), node, beside)


def _operation(
    document: Node, path: str, method: str, node: Node, parameters: Sequence[Node]
) -> Operation:
    security: list[Node] = node.get("security") or document.get("security") or []
    schemes = document.get("components", {}).get("securitySchemes", {})
    used = [schemes[name] for alternative in security for name in alternative]
    aliases = tuple(words(node).get("aliases", ()))
    wide = {each["name"] for each in parameters if words(each).get("slashes")}
    return Operation(
        id=node["operationId"],
        method=method,
        path=path,
        does=words(node)["does"],
        node=node,
        pattern=_pattern(path, wide),
        aliases=aliases,
        alias_patterns=tuple(_pattern(alias, wide) for alias in aliases),
        param_names=tuple(_PLACEHOLDER.findall(path)),
        bodies=bodies_of(node.get("requestBody"), parameters),
        key_headers=tuple(scheme["name"] for scheme in used),
        key_aliases=tuple(alias for scheme in used for alias in words(scheme).get("aliases", ())),
        key_optional={} in security or not security,
        key_evidence=evidence(used[0] if used else node),
    )


def _pattern(path: str, wide: Collection[str]) -> re.Pattern[str]:
    """Return what matches a path, a group for each placeholder; of `wide` ones, slashes too."""
    pieces = _PLACEHOLDER.split(path)
    literal, names = pieces[::2], pieces[1::2]
    holes = ["(.+)" if name in wide else "([^/]+)" for name in names] + [""]
    return re.compile("".join(re.escape(a) + b for a, b in zip(literal, holes, strict=True)))
