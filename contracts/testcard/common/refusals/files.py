"""What a spec says of uploaded pictures that could not be served: ids that nobody gives, or asks.

Knows what the core keeps of uploads. Must not know files of a disk, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.schema import nodes

_TOLD: Final = frozenset({"file-id", "file-url", "upload-url"})
_PUT: Final = "role: upload-url and file-url in its answer"


def _given(document: Node) -> Iterator[SpecRefusal]:
    """What is uploaded is named afterwards: by an id, or where it is."""
    for path, method, node in calls_in(document):
        told, at = _told(node), ("paths", path, method)
        if words(node)["does"] == "file" and not told & {"file-id", "file-url"}:
            seen = "it does file, and no success says how the picture is named later"
            yield SpecRefusal((*at, "responses"), seen, "one with the role file-id or file-url")


def _sent(document: Node) -> Iterator[SpecRefusal]:
    """What is uploaded is one picture, in the call or put elsewhere."""
    for path, method, node in calls_in(document):
        at, does = ("paths", path, method), words(node)["does"]
        for where, schema in _asked(at, document, node):
            role = words(schema).get("role")
            if role == "file" and does != "file":
                yield SpecRefusal(where, f"{does} keeps no picture", "role: init-image")
            elif words(schema).get("encodings") and role != "file" and does == "file":
                yield SpecRefusal(where, "this picture would not be kept", "role: file")
            elif role == "file-id" and does != "info":
                yield SpecRefusal(where, f"{does} tells of no file", "does: info")
        carried = {words(each).get("role") for _, each in _asked(at, document, node)}
        if does == "file" and "file" not in carried and "upload-url" not in _told(node):
            yield SpecRefusal(at, "nothing says where the picture is", f"role: file, or {_PUT}")


def _named(document: Node) -> Iterator[SpecRefusal]:
    """An id in a picture's place is one that some operation gives, and is told from base64."""
    gives = any(
        words(node)["does"] == "file" and "file-id" in _told(node)
        for _, _, node in calls_in(document)
    )
    for path, method, node in calls_in(document):
        for where, schema in _asked(("paths", path, method), document, node):
            own = words(schema)
            ways = own.get("encodings", ())
            if "unknown" in own and "file-id" not in ways:
                yield SpecRefusal(where, "no id stands here", "encodings: [file-id]")
            if "file-id" in ways and not gives:
                seen = "no operation gives the id of a picture"
                yield SpecRefusal(where, seen, "does: file, with an answer of role file-id")
            if {"file-id", "base64"} <= {*ways}:
                seen = "an id and base64 are not told apart"
                yield SpecRefusal(where, seen, "a field for each")


def _answers(document: Node) -> Iterator[SpecRefusal]:
    """What is told of an uploaded picture is told by who keeps it or informs of it."""
    for path, method, node in calls_in(document):
        does, asked = words(node)["does"], _asked(("paths", path, method), document, node)
        informs = does == "info" and any(words(each).get("role") == "file-id" for _, each in asked)
        for role in sorted(_told(node)) if does != "file" and not informs else ():
            at = ("paths", path, method, "responses")
            yield SpecRefusal(
                at, f"{does} knows no {role}", "does: file, or a call of role file-id"
            )


def _asked(at: Keys, document: Node, node: Node) -> list[tuple[Keys, Mapping[str, Any]]]:
    """Each schema of what a call says, with its place."""
    found: list[tuple[Keys, Mapping[str, Any]]] = []
    shared = document["paths"][at[1]].get("parameters", ())
    for home, listed in ((at[:2], shared), (at, node.get("parameters", ()))):
        found += [
            ((*home, "parameters", index, "schema"), each["schema"])
            for index, each in enumerate(listed)
        ]
    for media_type, content in node.get("requestBody", {}).get("content", {}).items():
        found.append(((*at, "requestBody", "content", media_type, "schema"), content["schema"]))
    return [((*where, *path), each) for where, whole in found for path, each in nodes(whole)]


def _told(node: Node) -> set[str]:
    """The roles of files that an operation's answers have places for."""
    found: set[str] = set()
    for response in node["responses"].values():
        parts = (*response.get("content", {}).values(), *response.get("headers", {}).values())
        for part in parts:
            found |= {words(each).get("role", "") for _, each in nodes(part["schema"])}
    return found & _TOLD


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    _given,
    _sent,
    _named,
    _answers,
)
"""Each yields what it finds in a document, references resolved."""
