"""What the language has no word for is taken out of an imported document, each with a note.

Knows refusals and where they point. Must not know files' syntax, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from testcard.common.callbacks import callback_nodes
from testcard.common.document import Keys, Node, SpecRefusal, calls_in, path_text, words
from testcard.common.refusals import of_document, of_source
from testcard.common.schema import nodes, types
from testcard.importing.source import Source

_MOST_ROUNDS: Final = 40
_MAKING: Final = ("pictures", "job")
_TIGHT: Final = ("pattern", "minLength", "minimum", "exclusiveMinimum", "minItems", "format")
_KEY: Final = {"type": "apiKey", "in": "header", "name": "Authorization"}


def sayable(document: Node, source: Source) -> Node | None:
    """Return `document` without what is refused; None where nothing is left that makes pictures."""
    for _ in range(_MOST_ROUNDS):
        found = list(of_source(document)) or list(of_document(document))
        if not found:
            for _, schema in _answers(document):
                _eased(schema)
            break
        for refusal in found:
            _take_out(document, refusal, source)
        if not document["paths"]:
            return None
    does = {words(node)["does"] for item in document["paths"].values() for node in item.values()}
    return document if does & {*_MAKING} else None


def _take_out(document: Node, refusal: SpecRefusal, source: Source) -> None:
    place = refusal.place
    if place[:2] == ("components", "securitySchemes"):
        _plain_key(document, str(place[2]), source)
    elif "x-testcard" in place and place.index("x-testcard") > 0 and "schema" in place:
        _word(document, place, source)
    elif place[0] == "x-testcard" and len(place) > 1:
        document["x-testcard"].pop(str(place[1]), None)
        if place[1] == "states":
            _stateless(document, source)
    elif place[0] == "paths" and place[3:4] == ("callbacks",):
        _callback(document, place, refusal, source)
    elif place[0] == "paths" and len(place) > 2:
        _operation(document, place, refusal, source)
    else:
        _member(document, place)


def _stateless(document: Node, source: Source) -> None:
    """Where states of jobs cannot be mapped, words of a vendor's own stand for none."""
    for at, schema in _answers(document):
        for _, each in nodes(schema):
            own = words(each)
            if own.get("role") == "job-state" and "PENDING" not in each.get("enum", ()):
                own.pop("role")
                source.note("dropped", at[:3], "the words of a job's state cannot be mapped")


def _answers(document: Node) -> Iterator[tuple[Keys, Node]]:
    for path, method, node in calls_in(document):
        for status, response in node["responses"].items():
            for content in response.get("content", {}).values():
                yield ("paths", path, method, "responses", status), content["schema"]
        for _, _, _, callback in callback_nodes(node):
            for content in callback["requestBody"]["content"].values():
                yield ("paths", path, method, "callbacks"), content["schema"]


def _eased(schema: Node) -> None:
    """Require no member of an answer for which nothing sure can be said."""
    for _, node in nodes(schema):
        known = node.get("properties", {})
        if "required" in node and isinstance(node, dict):
            node["required"] = [each for each in node["required"] if _sure(known.get(each, {}))]
            if not node["required"]:
                del node["required"]


def _sure(node: Node) -> bool:
    if "role" in words(node) or "properties" in node or node.get("enum"):
        return True
    return bool(types(node)) and not any(word in node for word in _TIGHT)


def _plain_key(document: Node, name: str, source: Source) -> None:
    """A scheme that is not read becomes a key in the Authorization header."""
    schemes = document["components"]["securitySchemes"]
    if name not in schemes:
        return
    if {key: schemes[name].get(key) for key in _KEY} == _KEY:
        del schemes[name]
        return
    at = ("components", "securitySchemes", name)
    source.note("guessed", at, "the key is taken from the Authorization header, as it is")
    schemes[name] = {**_KEY, "x-testcard": schemes[name]["x-testcard"]}


def _word(document: Node, place: Keys, source: Source) -> None:
    """A word of a schema: a role that is none, or what hangs on it."""
    at = place.index("x-testcard", place.index("schema"))
    holder = _at(document, place[:at])
    own = holder.get("x-testcard") if isinstance(holder, dict) else None
    if not isinstance(own, dict) or len(place) == at + 1:
        return
    word = str(place[at + 1])
    value = own.pop(word, None)
    own.get("keywords", {}).pop(word, None)
    if word in ("values", "each"):
        own.pop("role", None)
        own.get("keywords", {}).pop("role", None)
    if word == "each":
        for each in ("items", "type", "minItems"):
            holder.pop(each, None)
    if not own.get("keywords", True):
        own.pop("keywords")
    if value is not None:
        at_ = tuple(place[:at])
        source.note("dropped", at_[:3], f"{word} {value!r} at {path_text(at_[3:])}: no word for it")


def _operation(document: Node, place: Keys, refusal: SpecRefusal, source: Source) -> None:
    """What an operation says: the smallest part that can go, or the operation itself."""
    path, method = str(place[1]), str(place[2])
    item = document["paths"].get(path, {})
    whole = len(place) <= 4 or place[-1] in ("does", "operationId", "responses")
    source.note("unknown" if whole else "dropped", tuple(place[:3]), refusal.seen)
    if not whole:
        _member(document, place)
        return
    item.pop(method, None)
    if not item:
        document["paths"].pop(path, None)


def _callback(document: Node, place: Keys, refusal: SpecRefusal, source: Source) -> None:
    """What is sent later: all that goes to one address, or all of it."""
    holder = _at(document, place[:3])
    callbacks: Node = holder["callbacks"]
    source.note("dropped", tuple(place[:3]), f"a callback: {refusal.seen}")
    if len(place) > 5:
        callbacks[str(place[4])].pop(str(place[5]), None)
    for name in [each for each, told in callbacks.items() if not told or place[4:] == (each,)]:
        del callbacks[name]
    if not callbacks or len(place) == 4:
        del holder["callbacks"]


def _member(document: Node, place: Keys) -> None:
    holder = _at(document, place[:-1])
    if isinstance(holder, dict):
        holder.pop(str(place[-1]), None)
    elif isinstance(holder, list) and isinstance(place[-1], int) and place[-1] < len(holder):
        del holder[place[-1]]


def _at(document: Node, place: Keys) -> Any:
    node: Any = document
    for step in place:
        if isinstance(node, dict) and str(step) in node:
            node = node[str(step)]
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node
