"""Ways in which a key may be sent: where it stands, and what stands ahead of it.

OpenAPI's security schemes, and two more that vendors have: a word of their own ahead of the key
(`Key …`), and a member of the body. Knows OpenAPI. Must not know calls, accounts, or any one
provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from testcard.common.keys import basic_user, basic_value
from testcard.common.spec import Evidence, Node, evidence, words

KeyPlace = Literal["header", "query", "cookie", "body"]

_AUTHORIZATION: Final = "Authorization"
_WORD: Final = re.compile(r"\s*([\w-]+)\s+(\S.*)", re.S)


@dataclass(frozen=True, slots=True)
class KeyWay:
    """One way.

    Attributes:
        place: what of a call holds the key.
        name: of the header, parameter, cookie or member.
        word: what stands ahead of the key, as in `Bearer`; empty for a bare key.
        basic: whether it is a user's name and password; the name stands for the key.
        alias: whether the lenient profile alone takes it.
        evidence: where it stands.
    """

    place: KeyPlace
    name: str
    word: str
    basic: bool
    alias: bool
    evidence: Evidence

    @property
    def told(self) -> str:
        """How it is called: `x-api-key`, `Authorization: Bearer`, `query.api_key`."""
        if self.place != "header":
            return f"{self.place}.{self.name}"
        return f"{self.name}: {self.word}" if self.word else self.name

    def written(self, key: str) -> str:
        """Return what is sent for a key."""
        if self.basic:
            return basic_value(key)
        return f"{self.word} {key}" if self.word else key

    def read(self, value: str) -> tuple[str, bool]:
        """Return the key in what was sent, and whether it came in this way, word and all."""
        if not self.word:
            return value, True
        found = _WORD.fullmatch(value)
        if found is None:
            return value, False
        right = found[1].lower() == self.word.lower()
        return (basic_user(value) if self.basic and right else found[2]), right


def ways_of(document: Node, operation: Node) -> tuple[tuple[KeyWay, ...], bool]:
    """Return the ways in which an operation takes keys, and whether it does without one."""
    written = operation.get("security", document.get("security", []))
    security = cast("list[Node]", written)
    schemes = document.get("components", {}).get("securitySchemes", {})
    used = [schemes[name] for alternative in security for name in alternative]
    ways = (*map(_way, used), *(way for scheme in used for way in _aliases(scheme)))
    return ways, not security or {} in security


def _way(scheme: Node) -> KeyWay:
    said, own = evidence(scheme), words(scheme)
    if scheme["type"] == "http":
        basic = scheme["scheme"] == "basic"
        return KeyWay("header", _AUTHORIZATION, "Basic" if basic else "Bearer", basic, False, said)
    place = cast("KeyPlace", own.get("in", scheme["in"]))
    return KeyWay(place, scheme["name"], own.get("prefix", ""), False, False, said)


def _aliases(scheme: Mapping[str, Node]) -> Iterator[KeyWay]:
    for name in words(scheme).get("aliases", ()):
        yield KeyWay("header", name, "", False, True, evidence(scheme))
