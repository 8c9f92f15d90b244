"""The ways in which a page has keys sent: OpenAPI's security schemes, and how a key stands there.

Knows OpenAPI and `x-testcard`. Must not know calls, bodies, which keys are good, or any one
provider.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from testcard.common.document import Evidence, Node, evidence, words
from testcard.common.members import body_holder
from testcard.common.message import BLANKED

KeyLocation = Literal["header", "query", "cookie", "body"]
KeyScheme = Literal["plain", "bearer", "basic", "prefixed"]

_AUTHORIZATION: Final = "Authorization"


@dataclass(frozen=True, slots=True)
class KeyWay:
    """One way to send a key.

    Attributes:
        location: where it stands.
        name: of the header, parameter, cookie or field.
        scheme: how it is written there.
        prefix: the word before it; empty for none.
        alias: whether only the lenient profile takes it.
        evidence: where it stands in the page.
    """

    location: KeyLocation
    name: str
    scheme: KeyScheme
    prefix: str
    alias: bool
    evidence: Evidence

    @property
    def shown(self) -> str:
        """The way in a few words: a header's name, and the word before the key."""
        if self.location != "header":
            return f"{self.location}.{self.name}"
        return f"{self.name}: {self.prefix}" if self.prefix else self.name

    def fits(self, value: str) -> bool:
        """Whether a value is written as this way has it; one that is blanked always is."""
        first, _, rest = value.partition(" ")
        if self.prefix:
            return value.startswith(BLANKED) or (
                first.lower() == self.prefix.lower() and bool(rest.strip())
            )
        return self.location != "header" or not (rest and first.lower() == "bearer")

    def written(self, key: str) -> str:
        """Return a key as it stands there; of Basic, a user's name, or name and password."""
        if self.scheme == "basic":
            pair = key if ":" in key else f"{key}:"
            key = b64encode(pair.encode()).decode()
        return f"{self.prefix} {key}" if self.prefix else key


def user_of(credentials: str) -> str | None:
    """Return the user's name in the credentials of Basic; None where they are none.

    What is blanked stands for a name.
    """
    if BLANKED in credentials:
        return credentials
    try:
        user, colon, _ = b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return user if colon else None


def key_ways(document: Node, node: Node) -> tuple[KeyWay, ...]:
    """Return the ways of an operation: those of its page first, then those of lenient readings."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    used = [schemes[name] for alternative in security_of(document, node) for name in alternative]
    documented = [_way(each, node) for each in used]
    return (*documented, *(way for each in used for way in _aliases(each)))


def security_of(document: Node, node: Node) -> list[Node]:
    """Return the alternatives of an operation: its own, be there none, or else the document's."""
    found: list[Node] = node.get("security", document.get("security")) or []
    return found


def body_key(node: Node) -> Iterator[str]:
    """Yield the names of the fields of an operation that take a key in its body."""
    for content in node.get("requestBody", {}).get("content", {}).values():
        for field in body_holder(content["schema"]).leaves():
            if field.role == "key":
                yield field.name


def _way(scheme: Node, node: Node) -> KeyWay:
    said, own = evidence(scheme), words(scheme)
    if scheme["type"] == "http":
        basic = scheme["scheme"].lower() == "basic"
        kind: KeyScheme = "basic" if basic else "bearer"
        return KeyWay("header", _AUTHORIZATION, kind, kind.capitalize(), False, said)
    if own.get("in") == "body":
        name = next(body_key(node), scheme["name"])
        return KeyWay("body", name, "plain", "", False, said)
    prefix = own.get("prefix", "")
    written: KeyScheme = "prefixed" if prefix else "plain"
    return KeyWay(scheme["in"], scheme["name"], written, prefix, False, said)


def _aliases(scheme: Node) -> Iterator[KeyWay]:
    where: KeyLocation = scheme.get("in", "header")
    if words(scheme).get("in") == "body":
        where = "header"
    for name in words(scheme).get("aliases", ()):
        yield KeyWay(where, name, "plain", "", True, evidence(scheme))
