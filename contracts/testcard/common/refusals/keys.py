"""What security of a spec says that testcard would pass over.

Knows which ways to send a key the core reads. Must not know files, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.keyways import body_key, security_of


def _together(document: Node) -> Iterator[SpecRefusal]:
    """A call has one key: two schemes of one alternative would both be needed."""
    told: list[tuple[Keys, Node]] = [
        ((), document),
        *((("paths", path, way), node) for path, way, node in calls_in(document)),
    ]
    for at, node in told:
        for index, alternative in enumerate(node.get("security", ())):
            if len(alternative) > 1:
                seen = f"{' and '.join(sorted(alternative))} would be needed at once"
                where = (*at, "security", index)
                yield SpecRefusal(where, seen, "one scheme, or an alternative for each")


def _in_bodies(document: Node) -> Iterator[SpecRefusal]:
    """A key of a body has a field, and a field of role key a scheme."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    for path, method, node in calls_in(document):
        used = {name for each in security_of(document, node) for name in each}
        wanted = any(words(schemes[name]).get("in") == "body" for name in used)
        has = any(body_key(node))
        at = ("paths", path, method)
        places = set(body_key(node))
        if wanted and len(places) > 1:
            seen = f"its key stands at {' and at '.join(sorted(places))}, by the media type"
            yield SpecRefusal(at, seen, "it at one place")
        if wanted and not has:
            seen = "its key is to stand in the body, and no field takes one"
            yield SpecRefusal(at, seen, "a field of role key, or security of its own")
        if has and not wanted:
            seen = "a field takes a key, and no scheme has one in the body"
            yield SpecRefusal(at, seen, "a security scheme with x-testcard: {in: body}")


def _prefixes(document: Node) -> Iterator[SpecRefusal]:
    schemes = document.get("components", {}).get("securitySchemes", {})
    for name, scheme in schemes.items():
        at, own = ("components", "securitySchemes", name), words(scheme)
        if own.get("prefix") and (scheme["type"] == "http" or scheme["in"] != "header"):
            yield SpecRefusal(at, "a prefix stands before a key in a header", "in: header")
        if own.get("in") and scheme["type"] == "http":
            yield SpecRefusal(at, "what HTTP has in a header cannot be in a body", "type: apiKey")


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    _together,
    _in_bodies,
    _prefixes,
)
