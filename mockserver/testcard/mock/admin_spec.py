"""The spec of /_testcard/: which operations there are, and what they take.

Knows admin.yaml and OpenAPI. Must not know what an operation does, who may ask for it, or how
a call got here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

import orjson
import yaml

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.message import Call
from testcard.common.schema import Schema, Validator, coerced, shown
from testcard.common.spec import Node, resolved
from testcard.common.trouble import KINDS
from testcard.mock.fault import LONGEST_DELAY, MOST_TIMES

_LARGEST_BODY = 1 << 16  # bytes: what is told here is short


class Refused(ValueError):  # noqa: N818 (an answer)
    """A call to testcard itself asks for what cannot be done; the message is its answer."""


@dataclass(frozen=True, slots=True)
class AdminOperation:
    """One operation of /_testcard/.

    Attributes:
        id: operationId.
        method: in capitals.
        path: below ADMIN_PREFIX.
        summary: one line.
        open: whether anybody may ask.
        parameters: name -> schema, of the query.
        body: of the request body; None where it takes none.
    """

    id: str
    method: str
    path: str
    summary: str
    open: bool
    parameters: Mapping[str, Schema]
    body: Validator | None

    def query(self, call: Call) -> dict[str, Any]:
        """Read the query parameters of a call.

        Raises:
            Refused: one is unknown, comes twice, or is not what the spec takes.
        """
        said: dict[str, Any] = {}
        for name, text in parse_qsl(call.parts.query, keep_blank_values=True):
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise Refused(f"{shown(name)} is no parameter of {self.path}; it takes: {known}")
            if name in said:
                raise Refused(f"{name} was sent twice; once was expected")
            said[name] = _parameter(name, text, self.parameters[name])
        return said

    def json(self, call: Call) -> dict[str, Any]:
        """Read the body of a call.

        Raises:
            Refused: it is no JSON, or not what the spec takes.
        """
        if len(call.body) > _LARGEST_BODY:
            seen = f"the body has {len(call.body)} bytes"
            raise Refused(f"{seen}; at most {_LARGEST_BODY} are read here")
        if self.body is None:
            if call.body and orjson_or_none(call.body) != {}:
                raise Refused(f"{self.method} {self.path} takes no body")
            return {}
        try:
            said = orjson.loads(call.body)
        except orjson.JSONDecodeError as error:
            raise Refused(f"the body is no JSON: {error}") from error
        breaches = self.body.breaches(said)
        if breaches:
            raise Refused("; ".join(_told(each.path, each.message) for each in breaches))
        return dict(said)


@dataclass(frozen=True, slots=True)
class AdminSpec:
    """All of them.

    Attributes:
        document: the spec, complete, references as written.
        operations: in the order of the spec.
    """

    document: Node
    operations: tuple[AdminOperation, ...]

    def at(self, path: str) -> Mapping[str, AdminOperation]:
        """Return method -> operation of a path below ADMIN_PREFIX; HEAD is where GET is."""
        there = {each.method: each for each in self.operations if each.path == path}
        return {**there, "HEAD": there["GET"]} if "GET" in there else there

    @property
    def places(self) -> Collection[str]:
        """The whole paths that are known."""
        return list(dict.fromkeys(ADMIN_PREFIX + each.path for each in self.operations))


@cache
def admin_spec() -> AdminSpec:
    """Return the spec of /_testcard/, read once."""
    text = (files("testcard.mock") / "admin.yaml").read_text(encoding="utf-8")
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    _fill_in(document["components"]["schemas"])
    return AdminSpec(document, tuple(_operations(resolved(document, document))))


def _fill_in(schemas: dict[str, Any]) -> None:
    """Put in what has its home elsewhere: kinds of trouble, and the bounds of a fault."""
    schemas["Kind"]["enum"] = [*KINDS, None]
    order = schemas["FaultOrder"]["properties"]
    order["delay"]["maximum"] = LONGEST_DELAY
    order["times"]["maximum"] = MOST_TIMES


def _operations(document: Node) -> list[AdminOperation]:
    return [
        AdminOperation(
            id=node["operationId"],
            method=method.upper(),
            path=path.removeprefix("/"),
            summary=node["summary"],
            open=node.get("security") == [],
            parameters={each["name"]: each["schema"] for each in node.get("parameters", ())},
            body=_body(node),
        )
        for path, methods in document["paths"].items()
        for method, node in methods.items()
    ]


def _body(node: Node) -> Validator | None:
    if "requestBody" not in node:
        return None
    return Validator(node["requestBody"]["content"]["application/json"]["schema"])


def _parameter(name: str, text: str, schema: Schema) -> Any:
    value = coerced(text, schema)
    breaches = Validator(schema).breaches(value)
    if breaches:
        raise Refused(f"{name}: {breaches[0].message}")
    return value


def _told(path: tuple[str | int, ...], message: str) -> str:
    return f"{'.'.join(map(str, path))}: {message}" if path else message


def orjson_or_none(text: bytes) -> Any:
    """Return what a JSON text says; None where it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
