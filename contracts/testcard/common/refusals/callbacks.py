"""What callbacks of a spec say that could not be sent: expressions, filters, signatures.

Knows what the core reads of callbacks. Must not know files, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from testcard.common.callbacks import callback_nodes
from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.refusals.vocabulary import roles
from testcard.common.runtime_expression import FORMS, RuntimeExpression
from testcard.common.schema import Schema, nodes

_JSON: Final = "application/json"
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_OF_BODIES: Final = ("body", "sha256")
_OF_STANDARD: Final = frozenset({"header", "message", "as", "prefix"})


class _Call:
    """What one call may say: its parameters, and the members of its bodies."""

    def __init__(self, shared: list[Node], node: Node) -> None:
        self._parameters = [*shared, *node.get("parameters", ())]
        contents = node.get("requestBody", {}).get("content", {}).values()
        self._bodies = [each["schema"] for each in contents]

    def schema(self, expression: RuntimeExpression) -> Schema | None:
        """Return the schema of what it leads to; None where that is nothing."""
        if expression.whence in ("url", "method"):
            return {}
        if expression.whence == "body":
            return next(
                filter(_is_there, (_at(each, expression.steps) for each in self._bodies)), None
            )
        return self._of_parameters(expression.whence).get(expression.steps[0].lower())

    def names(self, whence: str) -> list[str]:
        """Return the expressions that lead somewhere, of this part of the call."""
        if whence != "body":
            return [f"$request.{whence}.{each}" for each in self._of_parameters(whence)]
        paths = (path for each in self._bodies for path, _ in nodes(each))
        named = (path[1::2] for path in paths if set(path[::2]) == {"properties"})
        return [f"$request.body#/{'/'.join(each)}" for each in named]

    def _of_parameters(self, whence: str) -> dict[str, Schema]:
        return {
            each["name"].lower(): each["schema"]
            for each in self._parameters
            if each["in"] == whence
        }


def _callbacks(document: Node) -> Iterator[tuple[Keys, str, Node, Node, _Call]]:
    """Yield each callback: where it stands, its address, itself, its operation and the call."""
    for path, method, node in calls_in(document):
        call = _Call(document["paths"][path].get("parameters", []), node)
        for name, address, way, callback in callback_nodes(node):
            at = ("paths", path, method, "callbacks", name, address, way)
            yield at, address, callback, node, call


def _whose(document: Node) -> Iterator[SpecRefusal]:
    """Pictures and jobs alone have something to tell later."""
    for at, _, callback, node, _ in _callbacks(document):
        does, own = words(node)["does"], words(callback)
        if does not in ("pictures", "job"):
            yield SpecRefusal(at[:4], f"nothing is sent later about {does}", "callbacks of a job")
        elif does == "pictures" and set(own.get("when", ())) - {"succeeded"}:
            seen = "a call that is answered with its pictures has succeeded when it is told of"
            yield SpecRefusal((*at, "x-testcard", "when"), seen, "[succeeded]")


def _addresses(document: Node) -> Iterator[SpecRefusal]:
    for at, address, _, _, call in _callbacks(document):
        for each in _PLACEHOLDER.findall(address):
            yield from _lost(at[:-1], each, call)
        bare = _PLACEHOLDER.sub("", address)
        yield from _stray(at[:-1], bare, "{}")
        if "$" in bare or not (bare != address or address.startswith(("http://", "https://"))):
            seen = f"{address!r} is no URL, and no expression in braces"
            yield SpecRefusal(at[:-1], seen, "'{$request.body#/NAME}', or where else the URL is")


def _others(document: Node) -> Iterator[SpecRefusal]:
    """The expressions of filters and secrets."""
    for at, _, callback, _, call in _callbacks(document):
        own = words(callback)
        for word, inner in (("filter", "by"), ("signed", "secret")):
            if inner in own.get(word, {}):
                where = (*at, "x-testcard", word, inner)
                yield from _lost(where, own[word][inner], call)
        said = own.get("signed", {}).get("secret")
        if said in ("$url", "$method"):
            where = (*at, "x-testcard", "signed", "secret")
            yield SpecRefusal(where, f"{said} is no secret", "$request.body#/NAME")


def _stray(at: Keys, bare: str, braces: str) -> Iterator[SpecRefusal]:
    """Braces that are left where those with something in them are taken out."""
    for each in sorted(set(braces) & set(bare)):
        yield SpecRefusal(at, f"{each!r} stands for nothing", "braces around a name")


def _lost(at: Keys, text: str, call: _Call) -> Iterator[SpecRefusal]:
    try:
        expression = RuntimeExpression.parse(text)
    except ValueError as error:
        yield SpecRefusal(at, str(error), FORMS)
        return
    if call.schema(expression) is None:
        known = call.names(expression.whence)
        near = get_close_matches(text, known, 1, 0.5)
        yield SpecRefusal(at, f"{text} leads to nothing in the call", (near or known or [FORMS])[0])


def _filters(document: Node) -> Iterator[SpecRefusal]:
    """The words of a filter are those that its field takes."""
    for at, _, callback, _, call in _callbacks(document):
        told = words(callback).get("filter")
        schema = (
            call.schema(RuntimeExpression.parse(told["by"])) if told and _read(told["by"]) else None
        )
        if not told or schema is None:
            continue
        allowed = schema.get("enum") or schema.get("items", {}).get("enum")
        where = (*at, "x-testcard", "filter", "events")
        for word in told["events"] if allowed else ():
            if word not in allowed:
                yield SpecRefusal(
                    (*where, word), f"{told['by']} does not take {word!r}", "one it takes"
                )
        for word in allowed or ():
            if word not in told["events"]:
                seen = f"nothing says what {word!r} asks for"
                yield SpecRefusal(where, seen, f"`{word}: [succeeded]`, or the states it means")


def _bodies(document: Node) -> Iterator[SpecRefusal]:
    for at, _, callback, _, _ in _callbacks(document):
        for media_type, content in callback["requestBody"]["content"].items():
            here = (*at, "requestBody", "content", media_type)
            if media_type != _JSON:
                yield SpecRefusal(here, f"nothing is sent as {media_type}", _JSON)
            for path, node in nodes(content["schema"]):
                if words(node).get("role") == "picture":
                    where = (*here, "schema", *path, "x-testcard", "role")
                    yield SpecRefusal(where, "no picture is sent in a callback", "picture-url")


def _headers(document: Node) -> Iterator[SpecRefusal]:
    """What is sent with it: headers of which something is known."""
    for at, _, callback, _, _ in _callbacks(document):
        for index, each in enumerate(callback.get("parameters", ())):
            where, schema = (*at, "parameters", index), each["schema"]
            if each["in"] != "header":
                yield SpecRefusal(where, f"nothing is sent in the {each['in']}", "in: header")
            elif "const" not in schema and "role" not in words(schema):
                yield SpecRefusal(
                    where, f"nothing says what {each['name']} is", "a role, or a const"
                )


def _signatures(document: Node) -> Iterator[SpecRefusal]:
    """Who is to verify a signature has to have all that is signed."""
    for at, _, callback, _, _ in _callbacks(document):
        said, where = words(callback).get("signed"), (*at, "x-testcard", "signed")
        if not said:
            continue
        if said["scheme"] == "standard-webhooks":
            for word in sorted(_OF_STANDARD & said.keys()):
                yield SpecRefusal((*where, word), f"standard-webhooks says {word} itself")
            continue
        if "header" not in said:
            yield SpecRefusal(where, "nothing says where the signature stands", "header: NAME too")
        if said["scheme"] == "ed25519" and "secret" in said:
            seen = "a secret signs nothing that a public key verifies"
            yield SpecRefusal((*where, "secret"), seen, "scheme: hmac-sha256")
        sent = {each["name"].lower() for each in callback.get("parameters", ())}
        message = said.get("message", "{body}")
        yield from _stray((*where, "message"), _PLACEHOLDER.sub("", message), "{")
        for name in _PLACEHOLDER.findall(message):
            if name not in _OF_BODIES and name.lower() not in sent:
                seen = f"{{{name}}} is no header among the parameters"
                yield SpecRefusal((*where, "message"), seen, "{body}, {sha256}, or one that is")
        if not set(_OF_BODIES) & set(_PLACEHOLDER.findall(message)):
            yield SpecRefusal((*where, "message"), "the body is not signed", "{body} or {sha256}")


def _deliveries(document: Node) -> Iterator[SpecRefusal]:
    """What is known of a delivery alone stands in no answer."""
    for path, method, node in calls_in(document):
        for status, response in node["responses"].items():
            for name, content in response.get("content", {}).items():
                at = ("paths", path, method, "responses", status, "content", name, "schema")
                for inner, schema in nodes(content["schema"]):
                    role = words(schema).get("role")
                    if role in roles("callback"):
                        seen = f"{role} is a role of callbacks"
                        yield SpecRefusal((*at, *inner, "x-testcard", "role"), seen)


def _read(text: str) -> bool:
    try:
        return RuntimeExpression.parse(text) is not None
    except ValueError:
        return False


def _is_there(schema: Any) -> bool:
    return isinstance(schema, Mapping)


def _at(schema: Schema, steps: tuple[str, ...]) -> Schema | None:
    """The schema of the member that some steps lead to, through objects and their alternatives."""
    if not steps:
        return schema
    first, *rest = steps
    child = schema.get("properties", {}).get(first)
    if child is not None:
        return _at(child, tuple(rest))
    branches = (*schema.get("oneOf", ()), *schema.get("anyOf", ()))
    return next(filter(_is_there, (_at(each, steps) for each in branches)), None)


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    _whose,
    _addresses,
    _others,
    _filters,
    _bodies,
    _headers,
    _signatures,
    _deliveries,
)
