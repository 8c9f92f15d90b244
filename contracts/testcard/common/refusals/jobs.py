"""What a spec says of jobs that could not be served: words, ids, states of answers.

Knows what the core reads of jobs. Must not know files, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from testcard.common.callbacks import callback_nodes
from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.lifetime import URL_ROLES
from testcard.common.schema import Schema, nodes
from testcard.common.states import ASKING, AT_WORK, PHASES, states_in

_OF_JOBS: Final = ("job", *ASKING)


def _states(document: Node) -> Iterator[SpecRefusal]:
    """A map has a word for a job at work, one for a good end and one for a bad one."""
    homes: list[tuple[Keys, Node]] = [((), document)]
    homes += [(_at(path, method), node) for path, method, node in calls_in(document)]
    for at, node in homes:
        written = words(node).get("states")
        meant = set((written or {}).values())
        for wanted in (AT_WORK, {"succeeded"}, {"failed"}) if written else ():
            if not meant & wanted:
                named = " or ".join(each for each in PHASES if each in wanted)
                yield SpecRefusal(
                    (*at, "x-testcard", "states"),
                    f"no word means {named}",
                    f"one that means {named}",
                )


def _state_words(document: Node) -> Iterator[SpecRefusal]:
    """Each word that an answer may tell has a meaning."""
    for where, node, operation in _nodes(document):
        if words(node).get("role") != "job-state":
            continue
        states = states_in(operation, document)
        for word in [*node.get("enum", ()), *([node["const"]] if "const" in node else [])]:
            if word is not None and states.phase(word) is None:
                yield SpecRefusal(
                    where,
                    f"no state says what {word!r} means",
                    f"`{word}: running`, or what else it means, under x-testcard, states",
                )


def _ids(document: Node) -> Iterator[SpecRefusal]:
    """What is asked about a job names it."""
    for path, method, node in calls_in(document):
        does = words(node)["does"]
        asked = [*document["paths"][path].get("parameters", ()), *node.get("parameters", ())]
        named = any(each["in"] == "path" for each in asked) or "job-id" in _roles(asked)
        if does in ASKING and not (named or "job-id" in _roles(node.get("requestBody", {}))):
            yield SpecRefusal(
                _at(path, method), "nothing in the call names a job", "a field of role job-id"
            )


def _moderation(document: Node) -> Iterator[SpecRefusal]:
    """A job that ends as moderated has a word for that, and what answers at once no state."""
    calls = [(_at(path, method), node) for path, method, node in calls_in(document)]
    general = words(document).get("moderation")
    for at, node in calls:
        own = words(node).get("moderation")
        for stage, how in (own or general or {}).items():
            if stage not in ("input", "output") or not (how == "state" or isinstance(how, dict)):
                continue
            where = (*(at if own else ()), "x-testcard", "moderation", stage)
            does, states = words(node)["does"], states_in(node, document)
            word = how["state"] if isinstance(how, dict) else ""
            if does == "pictures":
                seen = "pictures that are answered at once have no state"
                yield SpecRefusal(where, seen, "refused, blurred or black")
            elif does == "job" and word and states.phase(word) != "moderated":
                seen = f"{word!r} is no word for a job that was moderated"
                yield SpecRefusal(where, seen, f"`{word}: moderated` among the states too")
            elif does == "job" and "moderated" not in states.meanings.values():
                seen = "no word means moderated"
                yield SpecRefusal(where, seen, "`WORD: moderated` among the states too")


def _lifetimes(document: Node) -> Iterator[SpecRefusal]:
    """URLs of pictures expire, and nothing else does."""
    for where, node, _ in _nodes(document):
        if "expires-in" in words(node) and words(node).get("role") not in URL_ROLES:
            at = (*where, "x-testcard", "expires-in")
            yield SpecRefusal(at, "this is no URL of a picture", "it beside role: picture-url")


def _whens(document: Node) -> Iterator[SpecRefusal]:
    """States under `when` are of jobs."""
    for path, method, node in calls_in(document):
        for code, response in node["responses"].items():
            if words(response).get("when") and words(node)["does"] not in _OF_JOBS:
                at = (*_at(path, method), "responses", code, "x-testcard", "when")
                yield SpecRefusal(at, "the answer is of no job", "nothing here")


def _eaches(document: Node) -> Iterator[SpecRefusal]:
    """A list with an item for each of something is a list, of what the answer knows."""
    for where, node, operation in _nodes(document):
        each, does = words(node).get("each"), words(operation)["does"]
        if each in ("jobs", "logs") and "items" not in node:
            yield SpecRefusal(where, f"each: {each} is of a list", "type: array and items")
        elif each == "jobs" and does != "job-list":
            yield SpecRefusal(where, f"{does} knows of no list of jobs", "does: job-list")


def _at(path: str, method: str) -> Keys:
    return ("paths", path, method)


def _nodes(document: Node) -> Iterator[tuple[Keys, Schema, Node]]:
    """Yield each schema of an answer or a callback: where it stands, itself, and its operation."""
    for path, method, node in calls_in(document):
        for name, address, way, callback in callback_nodes(node):
            for kind, content in callback["requestBody"]["content"].items():
                here = (*_at(path, method), "callbacks", name, address, way, "requestBody")
                for inner, schema in nodes(content["schema"]):
                    yield (*here, "content", kind, "schema", *inner), schema, node
        for code, response in node["responses"].items():
            for kind, content in response.get("content", {}).items():
                at = (*_at(path, method), "responses", code, "content", kind, "schema")
                for inner, schema in nodes(content["schema"]):
                    yield (*at, *inner), schema, node


def _roles(node: Any) -> set[str]:
    if isinstance(node, list):
        return {role for each in node for role in _roles(each)}
    if not isinstance(node, dict):
        return set()
    own = node.get("x-testcard")
    mine = {own["role"]} if isinstance(own, dict) and "role" in own else set()
    return mine | {role for each in node.values() for role in _roles(each)}


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    _states,
    _state_words,
    _ids,
    _moderation,
    _lifetimes,
    _whens,
    _eaches,
)
"""Each yields what it finds in a document, references resolved."""
